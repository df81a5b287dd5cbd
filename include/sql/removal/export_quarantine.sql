-- What was kept out of loads about a person (tenant_id, user_id).
select
    kept.snapshot_id,
    kept.entity,
    kept.department_id,
    kept.column_name,
    kept.rule,
    kept.reason,
    kept.created_at
from ops.quarantine as kept
where kept.tenant_id = %(tenant_id)s
  and kept.user_id = %(user_id)s
order by
    kept.created_at,
    kept.rule
