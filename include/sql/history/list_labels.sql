-- What a tenant's (tenant_id) versions that begin at an instant (since) or later say by which somebody is found: names, titles and departments,
-- each once, in their order.
select
    'name' as kind,
    array_agg(distinct version.name) as values
from org.user_version as version
where version.tenant_id = %(tenant_id)s
  and version.valid_from >= %(since)s::timestamptz
  and version.name is not null
having count(*) > 0

union all

select
    'title',
    array_agg(distinct version.title)
from org.user_version as version
where version.tenant_id = %(tenant_id)s
  and version.valid_from >= %(since)s::timestamptz
  and version.title is not null
having count(*) > 0

union all

select
    'department',
    array_agg(distinct version.name)
from org.department_version as version
where version.tenant_id = %(tenant_id)s
  and version.valid_from >= %(since)s::timestamptz
  and version.name is not null
having count(*) > 0
