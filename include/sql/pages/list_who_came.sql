-- Who is there at one moment of a tenant (tenant_id, at) and was not at an earlier one (compare), those first who read so last: what is found among so
-- many versions (most) after a place in that order (place_at, place_id), and whether it is the last that was looked at. Of some people only if
-- is_of_few (people).
with scanned as (
    select
        version.valid_from as changed_at,
        version.user_id,
        version.valid_to
    from org.user_history as version
    where version.tenant_id = %(tenant_id)s
      and version.valid_from > %(compare)s::timestamptz
      and version.valid_from <= %(at)s::timestamptz
      and (version.valid_from, version.user_id) < (%(place_at)s::timestamptz, %(place_id)s::text)
      and (not %(is_of_few)s or version.user_id = any (%(people)s::text[]))
    order by
        version.valid_from desc,
        version.user_id desc
    limit %(most)s
),
numbered as (
    select
        scanned.*,
        row_number() over (order by scanned.changed_at desc, scanned.user_id desc) as number
    from scanned
),
compared as (
    select
        numbered.changed_at,
        numbered.user_id,
        numbered.number,
        (numbered.valid_to is null or numbered.valid_to > %(at)s::timestamptz) and before.user_id is null as is_so
    from numbered
    left join lateral (
        select version.user_id
        from org.user_history as version
        where version.tenant_id = %(tenant_id)s
          and version.user_id = numbered.user_id
          and version.valid_from <= %(compare)s::timestamptz
          and (version.valid_to is null or version.valid_to > %(compare)s::timestamptz)
        limit 1
    ) as before on true
)
select
    compared.changed_at,
    compared.user_id as id,
    case when compared.is_so then array['came'] else '{}' end as kinds,
    compared.number = %(most)s as is_last
from compared
where compared.is_so
   or compared.number = %(most)s
order by compared.number
