-- Some departments (ids) of a tenant (tenant_id) as they were at two moments (compare, and at): a row for each at which one was there.
select
    wanted.id,
    moment.is_after,
    version.name,
    version.parent_id
from unnest(%(ids)s::text[]) as wanted (id)
cross join (
    values
        (false, %(compare)s::timestamptz),
        (true, %(at)s::timestamptz)
) as moment (is_after, instant)
join org.department_history as version
  on version.tenant_id = %(tenant_id)s
 and version.department_id = wanted.id
 and version.valid_from <= moment.instant
 and (version.valid_to is null or version.valid_to > moment.instant)
