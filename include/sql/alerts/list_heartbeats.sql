-- When the parts that work for all tenants were first and last at work.
select
    part,
    first_at,
    last_at
from ops.heartbeat
where tenant_id = ''
