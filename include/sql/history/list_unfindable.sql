-- The names, titles and departments of a tenant (tenant_id) in versions that begin at an instant (since) or later, under which nobody is found
-- yet. With none found at all, those of all its history.
with wanted as (
    select
        case
            when exists (select from org.search_key where tenant_id = %(tenant_id)s) then %(since)s::timestamptz
            else '-infinity'
        end as since
),
seen (kind, value) as (
    select distinct 'name', version.name
    from org.user_version as version
    where version.tenant_id = %(tenant_id)s
      and version.valid_from >= (select since from wanted)
    union all
    select distinct 'title', version.title
    from org.user_version as version
    where version.tenant_id = %(tenant_id)s
      and version.valid_from >= (select since from wanted)
    union all
    select distinct 'department', version.name
    from org.department_version as version
    where version.tenant_id = %(tenant_id)s
      and version.valid_from >= (select since from wanted)
)
select
    seen.kind,
    seen.value
from seen
where seen.value is not null
  and not exists (
    select from org.search_key as known
    where known.tenant_id = %(tenant_id)s
      and known.kind = seen.kind
      and known.value = seen.value
  )
