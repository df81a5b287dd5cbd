-- What changed about a person (tenant_id, user_id).
select
    change.changed_at,
    change.kind,
    change.column_name,
    change.value_from,
    change.value_to,
    change.snapshot_id
from org.change as change
where change.tenant_id = %(tenant_id)s
  and change.entity = 'user'
  and change.user_id = %(user_id)s
order by
    change.changed_at,
    change.kind,
    change.column_name
