-- A department (department_id) of a tenant (tenant_id) as it was at an instant (at), or where it was not there then at an earlier one (compare).
select
    version.department_id,
    version.parent_id,
    version.name,
    version.name_en,
    version.is_hidden,
    version.source_identifier,
    version.leader_user_ids,
    version.valid_from,
    version.valid_to
from org.department_history as version
where version.tenant_id = %(tenant_id)s
  and version.department_id = %(department_id)s
  and version.valid_from <= %(at)s::timestamptz
  and (
    (version.valid_to is null or version.valid_to > %(at)s::timestamptz)
    or (version.valid_from <= %(compare)s::timestamptz and (version.valid_to is null or version.valid_to > %(compare)s::timestamptz))
  )
order by version.valid_from desc
limit 1
