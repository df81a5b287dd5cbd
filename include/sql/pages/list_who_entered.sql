-- Who is in some department where they were not at an earlier moment of a tenant (tenant_id; compare, and at), in all where they were then, and there
-- at both, those first who entered last: what is found among so many memberships (most) after a place in that order (place_at, place_id), and whether
-- it is the last that was looked at. Of some people only if is_of_few (people).
with scanned as (
    (
        select
            version.valid_from as changed_at,
            version.user_id,
            version.valid_to
        from org.membership_history as version
        where not %(is_of_few)s
          and version.tenant_id = %(tenant_id)s
          and version.valid_from > %(compare)s::timestamptz
          and version.valid_from <= %(at)s::timestamptz
          and (version.valid_from, version.user_id) < (%(place_at)s::timestamptz, %(place_id)s::text)
        order by
            version.valid_from desc,
            version.user_id desc
        fetch first %(most)s rows with ties
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
            from org.membership_history as version
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
        fetch first %(most)s rows with ties
    )
),
numbered as (
    select
        scanned.changed_at,
        scanned.user_id,
        bool_or(scanned.valid_to is null or scanned.valid_to > %(at)s::timestamptz) as is_of_now,
        row_number() over (order by scanned.changed_at desc, scanned.user_id desc) as number,
        sum(count(*)) over () >= %(most)s and row_number() over (order by scanned.changed_at, scanned.user_id) = 1 as is_last
    from scanned
    group by
        scanned.changed_at,
        scanned.user_id
),
compared as (
    select
        numbered.*,
        before.user_id is not null and after.user_id is not null and entered.changed_at is not null and quit.departments = 0 as is_so
    from numbered
    left join lateral (
        select version.user_id
        from org.user_history as version
        where numbered.is_of_now
          and version.tenant_id = %(tenant_id)s
          and version.user_id = numbered.user_id
          and version.valid_from <= %(compare)s::timestamptz
          and (version.valid_to is null or version.valid_to > %(compare)s::timestamptz)
        limit 1
    ) as before on true
    left join lateral (
        select version.user_id
        from org.user_history as version
        where before.user_id is not null
          and version.tenant_id = %(tenant_id)s
          and version.user_id = numbered.user_id
          and version.valid_from <= %(at)s::timestamptz
          and (version.valid_to is null or version.valid_to > %(at)s::timestamptz)
        limit 1
    ) as after on true
    -- Of several departments the one that was entered last stands for all.
    left join lateral (
        select max(held.valid_from) as changed_at
        from org.membership_history as held
        where after.user_id is not null
          and held.tenant_id = %(tenant_id)s
          and held.user_id = numbered.user_id
          and held.valid_from > %(compare)s::timestamptz
          and held.valid_from <= %(at)s::timestamptz
          and (held.valid_to is null or held.valid_to > %(at)s::timestamptz)
          and not exists (
            select from org.membership_history as earlier
            where earlier.tenant_id = %(tenant_id)s
              and earlier.user_id = held.user_id
              and earlier.department_id = held.department_id
              and earlier.valid_from <= %(compare)s::timestamptz
              and (earlier.valid_to is null or earlier.valid_to > %(compare)s::timestamptz)
          )
    ) as entered on entered.changed_at = numbered.changed_at
    left join lateral (
        select count(*) as departments
        from org.membership_history as held
        where entered.changed_at is not null
          and held.tenant_id = %(tenant_id)s
          and held.user_id = numbered.user_id
          and held.valid_from <= %(compare)s::timestamptz
          and held.valid_to > %(compare)s::timestamptz
          and held.valid_to <= %(at)s::timestamptz
          and not exists (
            select from org.membership_history as later
            where later.tenant_id = %(tenant_id)s
              and later.user_id = held.user_id
              and later.department_id = held.department_id
              and later.valid_from <= %(at)s::timestamptz
              and (later.valid_to is null or later.valid_to > %(at)s::timestamptz)
          )
    ) as quit on true
)
select
    compared.changed_at,
    compared.user_id as id,
    case when compared.is_so then array['moved'] else '{}' end as kinds,
    compared.is_last
from compared
where compared.is_so
   or compared.is_last
order by compared.number
