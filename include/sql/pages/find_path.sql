-- The way to a department (department_id) of a tenant (tenant_id) as it was at an instant (at), from the top down.
with recursive way as (
    select
        version.department_id,
        version.parent_id,
        version.name,
        1 as distance
    from org.department_history as version
    where version.tenant_id = %(tenant_id)s
      and version.department_id = %(department_id)s
      and version.valid_from <= %(at)s::timestamptz
      and (version.valid_to is null or version.valid_to > %(at)s::timestamptz)
    union all
    select
        version.department_id,
        version.parent_id,
        version.name,
        way.distance + 1
    from way
    join org.department_history as version
      on version.tenant_id = %(tenant_id)s
     and version.department_id = way.parent_id
     and version.valid_from <= %(at)s::timestamptz
     and (version.valid_to is null or version.valid_to > %(at)s::timestamptz)
    where way.distance < 100
)
select
    department_id,
    name
from way
order by distance desc
