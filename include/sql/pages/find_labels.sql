-- Which titles and departments of a tenant (tenant_id) have a key that each of some words (patterns, for `like`) fits: at most so many (most) of a
-- kind, the shortest keys first. place: which word.
with near as materialized (
    -- All keys are read, but once, whatever the number of words.
    select
        key.kind,
        key.value,
        key.key
    from org.search_key as key
    where key.tenant_id = %(tenant_id)s
      and key.kind in ('title', 'department')
      and key.key like any (%(patterns)s::text[])
),
matched as materialized (
    select
        word.place,
        near.kind,
        near.value,
        length(near.key) as letters
    from near
    join unnest(%(patterns)s::text[]) with ordinality as word (pattern, place) on near.key like word.pattern
)
select
    word.place,
    word.kind,
    label.value
from (
    select distinct matched.place, matched.kind
    from matched
) as word
cross join lateral (
    select
        matched.value,
        min(matched.letters) as letters
    from matched
    where matched.place = word.place
      and matched.kind = word.kind
    group by matched.value
    order by
        letters,
        matched.value
    limit %(most)s
) as label
order by
    word.place,
    word.kind,
    label.letters,
    label.value
