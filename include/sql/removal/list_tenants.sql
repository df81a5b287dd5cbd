-- The tenants that the tenants file holds or held.
select
    tenant_id,
    platform,
    first_seen_at,
    seen_at,
    retired_at
from ops.tenant
order by tenant_id
