-- Records a snapshot whose manifest is in the landing zone, and of a targeted one what it asked for (%(asked_users)s, %(asked_departments)s).
-- Harmless when run again: what is known stays.
with registered as (
    insert into ops.snapshot (
        snapshot_id,
        tenant_id,
        platform,
        mode,
        taken_at,
        uri,
        state,
        visible_range,
        is_complete,
        problems,
        sees_whole,
        company
    )
    values (
        %(snapshot_id)s,
        %(tenant_id)s,
        %(platform)s,
        %(mode)s,
        %(taken_at)s,
        %(uri)s,
        'landed',
        %(visible_range)s,
        %(is_complete)s,
        %(problems)s,
        %(sees_whole)s,
        %(company)s
    )
    on conflict (snapshot_id) do nothing
    returning
        snapshot.snapshot_id,
        snapshot.tenant_id,
        snapshot.taken_at
),
asked as (
    insert into ops.snapshot_key (snapshot_id, tenant_id, taken_at, entity, key_1)
    select
        registered.snapshot_id,
        registered.tenant_id,
        registered.taken_at,
        key.entity,
        key.key_1
    from registered
    cross join lateral (
        select 'user' as entity, unnest(%(asked_users)s::text[]) as key_1
        union
        select 'department', unnest(%(asked_departments)s::text[])
    ) as key
)
select snapshot_id
from registered
