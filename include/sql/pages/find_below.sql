-- A department (department_id) of a tenant (tenant_id) as it was at an instant (at), or where it was gone by then at its last one: what it was called,
-- that instant, whether it is the one asked, and it with all below it, where these are no more than a number (most); else null.
with recursive chosen as (
    select
        version.department_id,
        version.name,
        least(%(at)s::timestamptz, version.valid_to - interval '1 microsecond') as instant
    from org.department_history as version
    where version.tenant_id = %(tenant_id)s
      and version.department_id = %(department_id)s
      and version.valid_from <= %(at)s::timestamptz
    order by version.valid_from desc
    limit 1
),
below (department_id, instant) as (
    select
        chosen.department_id,
        chosen.instant
    from chosen
    union
    select
        child.department_id,
        below.instant
    from below
    join org.department_history as child
      on child.tenant_id = %(tenant_id)s
     and child.parent_id = below.department_id
     and child.valid_from <= below.instant
     and (child.valid_to is null or child.valid_to > below.instant)
)
select
    chosen.name,
    chosen.instant::text as instant,
    chosen.instant = %(at)s::timestamptz as is_there,
    few.ids as below
from chosen
cross join (
    select case when count(*) <= %(most)s then array_agg(listed.department_id)::text end as ids
    from (
        select below.department_id
        from below
        limit %(most)s + 1
    ) as listed
) as few
