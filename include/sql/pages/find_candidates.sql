-- Who may be meant, in a tenant (tenant_id) by an instant (at), by the one of several words that fits the fewest: words are folded, title_places
-- and titles, department_places and departments the labels that the word of a place is a part of. Of each kind at most so many (most) are
-- looked at; where that was too few, is_capped. place is the word's, value the name or title by which somebody was found. Who fits closest
-- comes first, and may come again.
with word as (
    select
        word.word,
        word.place,
        word.word || chr(1114111) as behind
    from unnest(%(words)s::text[]) with ordinality as word (word, place)
),
title as (
    select label.place, label.value
    from unnest(%(title_places)s::bigint[], %(titles)s::text[]) as label (place, value)
),
department as (
    select label.place, label.value
    from unnest(%(department_places)s::bigint[], %(departments)s::text[]) as label (place, value)
),
hit as (
    select
        word.place,
        found.kind,
        found.value,
        found.user_id,
        row_number() over () as position
    from word
    cross join lateral (
        -- The rows of an index, in its order: versions of one person are neighbours.
        (
            select 'number' as kind, null as value, person.user_id
            from org.user_history as person
            where person.tenant_id = %(tenant_id)s
              and lower(normalize(person.job_number, nfkc)) ~>=~ lower(word.word)
              and lower(normalize(person.job_number, nfkc)) ~<~ lower(word.behind)
              and person.valid_from <= %(at)s::timestamptz
            order by lower(normalize(person.job_number, nfkc)) using ~<~
            limit %(most)s
        )
        union all
        (
            select 'id', null, person.user_id
            from org.user_history as person
            where person.tenant_id = %(tenant_id)s
              and lower(person.user_id) ~>=~ lower(word.word)
              and lower(person.user_id) ~<~ lower(word.behind)
              and person.valid_from <= %(at)s::timestamptz
            order by lower(person.user_id) using ~<~
            limit %(most)s
        )
        union all
        (
            select 'name', named.value, person.user_id
            from (
                select near.value, min(near.key) as key
                from (
                    select key.value, key.key
                    from org.search_key as key
                    where key.tenant_id = %(tenant_id)s
                      and key.kind = 'name'
                      and key.key >= word.word
                      and key.key < word.behind
                    order by key.key
                    limit %(most)s
                ) as near
                group by near.value
                order by min(near.key)
            ) as named
            cross join lateral (
                select version.user_id
                from org.user_history as version
                where version.tenant_id = %(tenant_id)s
                  and version.name = named.value
                  and version.valid_from <= %(at)s::timestamptz
                group by version.user_id
                limit %(most)s
            ) as person
            limit %(most)s
        )
        union all
        (
            select 'title', title.value, person.user_id
            from title
            cross join lateral (
                select version.user_id
                from org.user_history as version
                where version.tenant_id = %(tenant_id)s
                  and version.title = title.value
                  and version.valid_from <= %(at)s::timestamptz
                group by version.user_id
                limit %(most)s
            ) as person
            where title.place = word.place
            limit %(most)s
        )
        union all
        (
            with recursive below (department_id) as (
                select version.department_id
                from department
                join org.department_history as version
                  on version.tenant_id = %(tenant_id)s
                 and version.name = department.value
                 and version.valid_from <= %(at)s::timestamptz
                 and (version.valid_to is null or version.valid_to > %(at)s::timestamptz)
                where department.place = word.place
                union
                select version.department_id
                from below
                join org.department_history as version
                  on version.tenant_id = %(tenant_id)s
                 and version.parent_id = below.department_id
                 and version.valid_from <= %(at)s::timestamptz
                 and (version.valid_to is null or version.valid_to > %(at)s::timestamptz)
            )
            select 'department', null, member.user_id
            from below
            cross join lateral (
                select held.user_id
                from (
                    select membership.user_id, membership.valid_to
                    from org.membership_history as membership
                    where membership.tenant_id = %(tenant_id)s
                      and membership.department_id = below.department_id
                      and membership.valid_from <= %(at)s::timestamptz
                    limit 5 * %(most)s
                ) as held
                -- Who is in another department by then is not meant; who has left is.
                where held.valid_to is null
                   or held.valid_to > %(at)s::timestamptz
                   or not exists (
                    select from org.user_history as person
                    where person.tenant_id = %(tenant_id)s
                      and person.user_id = held.user_id
                      and person.valid_from <= %(at)s::timestamptz
                      and (person.valid_to is null or person.valid_to > %(at)s::timestamptz)
                   )
                limit %(most)s
            ) as member
            limit %(most)s
        )
    ) as found
)
select
    best.place,
    best.is_capped,
    hit.kind,
    hit.value,
    hit.user_id
from (
    select
        word.place,
        coalesce(sum(counted.people), 0) as people,
        coalesce(bool_or(counted.people >= %(most)s), false) as is_capped
    from word
    left join (
        select hit.place, hit.kind, count(*) as people
        from hit
        group by hit.place, hit.kind
    ) as counted using (place)
    group by word.place
    -- Of words that all fit too many, one that is a name fits fewer than a title, and that fewer than a department.
    order by
        is_capped,
        coalesce(bool_or(counted.kind = 'department' and counted.people >= %(most)s), false),
        coalesce(bool_or(counted.kind = 'title' and counted.people >= %(most)s), false),
        people,
        word.place
    limit 1
) as best
join hit using (place)
order by hit.position
