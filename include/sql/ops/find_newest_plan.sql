-- The newest plan of a tenant; null if there is none.
select max(plan_id) as plan_id
from ops.plan
where tenant_id = %(tenant_id)s
