-- Everybody whom history of a tenant (tenant_id) knows, and whether they are there now.
select
    version.user_id,
    bool_or(version.valid_to is null) as is_present
from org.user_version as version
where version.tenant_id = %(tenant_id)s
group by version.user_id
