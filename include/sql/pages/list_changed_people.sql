-- Of whom something changed in a tenant (tenant_id), the newest first: what lies after a place in that order (before_at, before_id) and not before an
-- instant (since), as far as so many versions (most) of each source reach, and whether this is the last that was looked at. kind is a kind of org.change
-- or null for all: for 'updated' some may be renamed only. Of some people only if is_of_few (people), and only if is_within of who was just before or
-- after in a department (department_id) or below it as it was at an instant (seen_at): in one of some (below) if is_known.
with scanned as (
    (
        select
            'began' as sort,
            'began' as source,
            version.valid_from as changed_at,
            version.user_id,
            null as department_id,
            null as name
        from org.user_history as version
        where not %(is_of_few)s
          and (%(kind)s::text is null or %(kind)s::text in ('joined', 'returned'))
          and version.tenant_id = %(tenant_id)s
          and version.valid_from >= %(since)s::timestamptz
          and (version.valid_from, version.user_id) < (%(before_at)s::timestamptz, %(before_id)s::text)
        order by
            version.valid_from desc,
            version.user_id desc
        fetch first %(most)s rows with ties
    )

    union all

    (
        select
            'ended' as sort,
            'ended' as source,
            version.valid_to as changed_at,
            version.user_id,
            null as department_id,
            version.name
        from org.user_history as version
        where not %(is_of_few)s
          and (%(kind)s::text is null or %(kind)s::text in ('left', 'renamed', 'updated'))
          and version.tenant_id = %(tenant_id)s
          and version.valid_to is not null
          and version.valid_to >= %(since)s::timestamptz
          and (version.valid_to, version.user_id) < (%(before_at)s::timestamptz, %(before_id)s::text)
        order by
            version.valid_to desc,
            version.user_id desc
        fetch first %(most)s rows with ties
    )

    union all

    (
        select
            'entered' as sort,
            'entered' as source,
            version.valid_from as changed_at,
            version.user_id,
            version.department_id,
            null as name
        from org.membership_history as version
        where not %(is_of_few)s
          and (%(kind)s::text is null or %(kind)s::text = 'moved')
          and version.tenant_id = %(tenant_id)s
          and version.valid_from >= %(since)s::timestamptz
          and (version.valid_from, version.user_id) < (%(before_at)s::timestamptz, %(before_id)s::text)
        order by
            version.valid_from desc,
            version.user_id desc
        fetch first %(most)s rows with ties
    )

    union all

    (
        select
            'quit' as sort,
            'quit' as source,
            version.valid_to as changed_at,
            version.user_id,
            version.department_id,
            null as name
        from org.membership_history as version
        where not %(is_of_few)s
          and (%(kind)s::text is null or %(kind)s::text = 'moved')
          and version.tenant_id = %(tenant_id)s
          and version.valid_to is not null
          and version.valid_to >= %(since)s::timestamptz
          and (version.valid_to, version.user_id) < (%(before_at)s::timestamptz, %(before_id)s::text)
        order by
            version.valid_to desc,
            version.user_id desc
        fetch first %(most)s rows with ties
    )

    union all

    -- Each by the id: along the indexes of time one would come past everybody.
    (
        select
            boundary.sort,
            'few' as source,
            boundary.changed_at,
            few.user_id,
            boundary.department_id,
            boundary.name
        from unnest(%(people)s::text[]) as few (user_id)
        cross join lateral (
            select
                'began' as sort,
                version.valid_from as changed_at,
                null as department_id,
                null as name
            from org.user_history as version
            where (%(kind)s::text is null or %(kind)s::text in ('joined', 'returned'))
              and version.tenant_id = %(tenant_id)s
              and version.user_id = few.user_id
            union all
            select
                'ended',
                version.valid_to,
                null,
                version.name
            from org.user_history as version
            where (%(kind)s::text is null or %(kind)s::text in ('left', 'renamed', 'updated'))
              and version.tenant_id = %(tenant_id)s
              and version.user_id = few.user_id
            union all
            select
                'entered',
                version.valid_from,
                version.department_id,
                null
            from org.membership_history as version
            where (%(kind)s::text is null or %(kind)s::text = 'moved')
              and version.tenant_id = %(tenant_id)s
              and version.user_id = few.user_id
            union all
            select
                'quit',
                version.valid_to,
                version.department_id,
                null
            from org.membership_history as version
            where (%(kind)s::text is null or %(kind)s::text = 'moved')
              and version.tenant_id = %(tenant_id)s
              and version.user_id = few.user_id
            offset 0
        ) as boundary
        where %(is_of_few)s
          and boundary.changed_at >= %(since)s::timestamptz
          and (boundary.changed_at, few.user_id) < (%(before_at)s::timestamptz, %(before_id)s::text)
        order by
            boundary.changed_at desc,
            few.user_id desc
        fetch first %(most)s rows with ties
    )
),
placed as (
    select
        scanned.*,
        dense_rank() over (order by scanned.changed_at desc, scanned.user_id desc) as place,
        count(*) over (partition by scanned.source) as size
    from scanned
),
-- A source of which there is more is known as far as its last row.
bounded as (
    select
        placed.*,
        (select min(ends.place) from (select max(place) as place from placed where size >= %(most)s group by source) as ends) as last_place
    from placed
),
judged as (
    select
        bounded.changed_at,
        bounded.user_id as id,
        bounded.place,
        coalesce(bounded.place = bounded.last_place, false) as is_last,
        case bounded.sort
            when 'began' then case %(kind)s::text
                when 'joined' then before.touches is null
                when 'returned' then before.touches is false
                else true
            end
            when 'ended' then case %(kind)s::text
                when 'renamed' then later.user_id is not null and later.name is distinct from bounded.name
                when 'updated' then later.user_id is not null
                else later.user_id is null
            end
            else person.was_there and person.stays and not held.goes_on
        end and (not %(is_within)s or case when %(is_known)s
            then exists (
                select from org.membership_history as membership
                where membership.tenant_id = %(tenant_id)s
                  and membership.user_id = bounded.user_id
                  and membership.valid_from <= bounded.changed_at
                  and (membership.valid_to is null or membership.valid_to >= bounded.changed_at)
                  -- Not through an index, for which the ids would be sorted for each person.
                  and membership.department_id collate "C" = any (%(below)s::text[])
            )
            else exists (
                with recursive way (department_id) as (
                    select membership.department_id
                    from org.membership_history as membership
                    where membership.tenant_id = %(tenant_id)s
                      and membership.user_id = bounded.user_id
                      and membership.valid_from <= bounded.changed_at
                      and (membership.valid_to is null or membership.valid_to >= bounded.changed_at)
                    union
                    select department.parent_id
                    from way
                    join org.department_history as department
                      on department.tenant_id = %(tenant_id)s
                     and department.department_id = way.department_id
                     and department.valid_from <= %(seen_at)s::timestamptz
                     and (department.valid_to is null or department.valid_to > %(seen_at)s::timestamptz)
                )
                select from way
                where way.department_id = %(department_id)s
            )
        end) as is_wanted
    from bounded
    left join lateral (
        select earlier.valid_to = bounded.changed_at as touches
        from org.user_history as earlier
        where bounded.sort = 'began'
          and %(kind)s::text is not null
          and earlier.tenant_id = %(tenant_id)s
          and earlier.user_id = bounded.user_id
          and earlier.valid_from < bounded.changed_at
        order by earlier.valid_from desc
        limit 1
    ) as before on true
    left join lateral (
        select
            version.user_id,
            version.name
        from org.user_history as version
        where bounded.sort = 'ended'
          and version.tenant_id = %(tenant_id)s
          and version.user_id = bounded.user_id
          and version.valid_from = bounded.changed_at
        limit 1
    ) as later on true
    cross join lateral (
        select
            coalesce(bool_or(version.valid_from < bounded.changed_at), false) as was_there,
            coalesce(bool_or(version.valid_to is null or version.valid_to > bounded.changed_at), false) as stays
        from org.user_history as version
        where bounded.sort in ('entered', 'quit')
          and version.tenant_id = %(tenant_id)s
          and version.user_id = bounded.user_id
          and version.valid_from <= bounded.changed_at
          and (version.valid_to is null or version.valid_to >= bounded.changed_at)
    ) as person
    cross join lateral (
        select count(*) > 1 as goes_on
        from org.membership_history as version
        where bounded.sort in ('entered', 'quit')
          and version.tenant_id = %(tenant_id)s
          and version.user_id = bounded.user_id
          and version.department_id = bounded.department_id
          and version.valid_from <= bounded.changed_at
          and (version.valid_from = bounded.changed_at or version.valid_to = bounded.changed_at)
    ) as held
    where bounded.place <= coalesce(bounded.last_place, bounded.place)
)
select
    judged.changed_at,
    judged.id,
    judged.is_wanted,
    judged.is_last
from judged
where judged.is_wanted
   or judged.is_last
order by judged.place
