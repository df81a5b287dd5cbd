-- The saved audiences of all tenants, or of one (tenant_id).
select
    tenant_id,
    name
from notify.audience_query
where %(tenant_id)s::text is null
   or tenant_id = %(tenant_id)s
order by tenant_id, name
