-- Who is there at one moment of a tenant (tenant_id, at) and was not at an earlier one (compare), those first who read so last: what is found among so
-- many versions (most) after a place in that order (place_at, place_id), and whether it is the last that was looked at. Of some people only if
-- is_of_few (people).
with scanned as (
    (
        select
            version.valid_from as changed_at,
            version.user_id,
            version.valid_to
        from org.user_history as version
        where not %(is_of_few)s
          and version.tenant_id = %(tenant_id)s
          and version.valid_from > %(compare)s::timestamptz
          and version.valid_from <= %(at)s::timestamptz
          and (version.valid_from, version.user_id) < (%(place_at)s::timestamptz, %(place_id)s::text)
        order by
            version.valid_from desc,
            version.user_id desc
        limit %(most)s
    )

    union all

    -- Each by the id: along the index of time one would come past everybody.
    (
        select
            boundary.changed_at,
            few.user_id,
            boundary.valid_to
        from unnest(%(people)s::text[]) as few (user_id)
        cross join lateral (
            select
                version.valid_from as changed_at,
                version.valid_to
            from org.user_history as version
            where version.tenant_id = %(tenant_id)s
              and version.user_id = few.user_id
            offset 0
        ) as boundary
        where %(is_of_few)s
          and boundary.changed_at > %(compare)s::timestamptz
          and boundary.changed_at <= %(at)s::timestamptz
          and (boundary.changed_at, few.user_id) < (%(place_at)s::timestamptz, %(place_id)s::text)
        order by
            boundary.changed_at desc,
            few.user_id desc
        limit %(most)s
    )
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
