-- Counts what events left out between a full read (%(snapshot_id)s), which is part of history by now, and the one before it. Harmless when run
-- again; for a snapshot that is not a full read, or the first one, nothing is written.
insert into ops.event_audit (snapshot_id, tenant_id, taken_at, since, changes, silent, silent_kinds, events, empty)
with snapshot as materialized (
    select
        own.snapshot_id,
        own.tenant_id,
        own.taken_at,
        max(earlier.taken_at) as since
    from ops.snapshot as own
    join ops.snapshot as earlier
      on earlier.tenant_id = own.tenant_id
     and earlier.mode = 'full'
     and earlier.state = 'loaded'
     and earlier.taken_at < own.taken_at
    where own.snapshot_id = %(snapshot_id)s
      and own.mode = 'full'
      and own.state = 'loaded'
    group by
        own.snapshot_id,
        own.tenant_id,
        own.taken_at
),
change as materialized (
    select
        change.entity,
        coalesce(change.user_id, change.department_id) as key_1,
        change.kind,
        change.changed_at > snapshot.since as is_new
    from snapshot
    join org.change
      on change.tenant_id = snapshot.tenant_id
     -- What the read before it saw may have been announced a moment later.
     and change.changed_at between snapshot.since and snapshot.taken_at
),
named as materialized (
    select
        event.event_key,
        key.entity,
        key.key_1,
        event.received_at <= snapshot.taken_at as is_counted
    from snapshot
    join ops.event
      on event.tenant_id = snapshot.tenant_id
     and event.received_at > snapshot.since
    cross join lateral (
        select 'user' as entity, unnest(event.user_ids) as key_1
        union all
        select 'department', unnest(event.department_ids)
        where event.kind like 'department.%%'
    ) as key
    where event.kind like 'user.%%'
       or event.kind like 'department.%%'
),
silent as materialized (
    select
        change.entity,
        change.key_1,
        change.kind
    from change
    where change.is_new
      and not exists (
        select from named
        where named.entity = change.entity
          and named.key_1 = change.key_1
      )
),
announcement as (
    select
        named.event_key,
        bool_or(exists (
            select from change
            where change.entity = named.entity
              and change.key_1 = named.key_1
        )) as was_followed
    from named
    where named.is_counted
    group by named.event_key
)
select
    snapshot.snapshot_id,
    snapshot.tenant_id,
    snapshot.taken_at,
    snapshot.since,
    (select count(distinct (change.entity, change.key_1)) from change where change.is_new),
    (select count(distinct (silent.entity, silent.key_1)) from silent),
    (
        select coalesce(jsonb_object_agg(kinds.name, kinds.count), '{}')
        from (
            select
                silent.entity || '.' || silent.kind as name,
                count(distinct silent.key_1) as count
            from silent
            group by 1
        ) as kinds
    ),
    (select count(*) from announcement),
    (select count(*) from announcement where not announcement.was_followed)
from snapshot
on conflict (snapshot_id) do nothing
