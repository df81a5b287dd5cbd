-- Which departments are there at one moment of a tenant (tenant_id, at) and were not at an earlier one (compare), those first that read so last: what
-- is found among so many versions (most) after a place in that order (place_at, place_id), and whether it is the last that was looked at.
with scanned as (
    select
        version.valid_from as changed_at,
        version.department_id,
        version.valid_to
    from org.department_history as version
    where version.tenant_id = %(tenant_id)s
      and version.valid_from > %(compare)s::timestamptz
      and version.valid_from <= %(at)s::timestamptz
      and (version.valid_from, version.department_id) < (%(place_at)s::timestamptz, %(place_id)s::text)
    order by
        version.valid_from desc,
        version.department_id desc
    limit %(most)s
),
numbered as (
    select
        scanned.*,
        row_number() over (order by scanned.changed_at desc, scanned.department_id desc) as number
    from scanned
),
compared as (
    select
        numbered.changed_at,
        numbered.department_id,
        numbered.number,
        (numbered.valid_to is null or numbered.valid_to > %(at)s::timestamptz) and before.department_id is null as is_so
    from numbered
    left join lateral (
        select version.department_id
        from org.department_history as version
        where version.tenant_id = %(tenant_id)s
          and version.department_id = numbered.department_id
          and version.valid_from <= %(compare)s::timestamptz
          and (version.valid_to is null or version.valid_to > %(compare)s::timestamptz)
        limit 1
    ) as before on true
)
select
    compared.changed_at,
    compared.department_id as id,
    case when compared.is_so then array['came'] else '{}' end as kinds,
    compared.number = %(most)s as is_last
from compared
where compared.is_so
   or compared.number = %(most)s
order by compared.number
