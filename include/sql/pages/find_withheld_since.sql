-- Since when each of some fields (fields) has been withheld without a break, by a tenant's (tenant_id) loaded snapshots until an instant (until);
-- no further back than so many of them (most): is_older where it was withheld in all of these.
with looked_at as materialized (
    select
        snapshot.taken_at,
        snapshot.withheld_fields
    from ops.snapshot
    where snapshot.tenant_id = %(tenant_id)s
      and snapshot.state = 'loaded'
      and snapshot.mode <> 'targeted'
      and snapshot.taken_at <= %(until)s::timestamptz
    order by snapshot.taken_at desc
    limit %(most)s
),
shown as (
    select
        field.name,
        max(looked_at.taken_at) filter (where field.name <> all (looked_at.withheld_fields)) as shown_at
    from unnest(%(fields)s::text[]) as field (name)
    cross join looked_at
    group by field.name
)
select
    shown.name,
    (
        select min(looked_at.taken_at)
        from looked_at
        where shown.shown_at is null
           or looked_at.taken_at > shown.shown_at
    ) as since,
    shown.shown_at is null and (select count(*) from looked_at) = %(most)s as is_older
from shown
order by shown.name
