-- Anything under which something of a tenant (tenant_id) is found.
select key.key
from org.search_key as key
where key.tenant_id = %(tenant_id)s
limit 1
