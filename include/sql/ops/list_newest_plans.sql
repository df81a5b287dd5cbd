-- The newest plans of a tenant (tenant_id), newest first: what else than a mistyped id could have been meant.
select
    plan_id,
    state
from ops.plan
where tenant_id = %(tenant_id)s
order by plan_id desc
limit 5
