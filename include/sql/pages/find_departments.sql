-- The departments of a tenant (tenant_id) that some words mean: had by an instant (at) one of the names that the word of a place is a part of
-- (places, names), or have one of some ids (ids); of each word at most so many (most). With every name they had by then, and the words' places.
with label as (
    select label.place, label.name, label.position
    from unnest(%(places)s::bigint[], %(names)s::text[]) with ordinality as label (place, name, position)
),
meant as (
    select word.place, found.department_id
    from (select distinct label.place from label) as word
    cross join lateral (
        select version.department_id
        from label
        cross join lateral (
            select version.department_id
            from org.department_history as version
            where version.tenant_id = %(tenant_id)s
              and version.name = label.name
              and version.valid_from <= %(at)s::timestamptz
            group by version.department_id
        ) as version
        where label.place = word.place
        limit %(most)s
    ) as found
    union all
    select 0, version.department_id
    from org.department_history as version
    where version.tenant_id = %(tenant_id)s
      and version.department_id = any (%(ids)s::text[])
      and version.valid_from <= %(at)s::timestamptz
)
select
    meant.department_id,
    array_agg(meant.place) as places,
    (
        select array_agg(distinct version.name)
        from org.department_history as version
        where version.tenant_id = %(tenant_id)s
          and version.department_id = meant.department_id
          and version.valid_from <= %(at)s::timestamptz
    ) as names
from meant
group by meant.department_id
