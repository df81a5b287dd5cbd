-- Makes known the tenants of which there are snapshots and that nobody has noted yet: each is looked up in the index after the one before it. A
-- second run finds none.
with recursive in_snapshots (tenant_id) as (
    select min(snapshot.tenant_id)
    from ops.snapshot
    union all
    select (
        select min(snapshot.tenant_id)
        from ops.snapshot
        where snapshot.tenant_id > in_snapshots.tenant_id
    )
    from in_snapshots
    where in_snapshots.tenant_id is not null
)
insert into ops.tenant (
    tenant_id,
    platform,
    first_seen_at
)
select
    in_snapshots.tenant_id,
    newest.platform,
    newest.first_at
from in_snapshots
cross join lateral (
    select
        (array_agg(snapshot.platform order by snapshot.taken_at desc))[1] as platform,
        min(snapshot.taken_at) as first_at
    from ops.snapshot
    where snapshot.tenant_id = in_snapshots.tenant_id
) as newest
where in_snapshots.tenant_id is not null
  and not exists (
    select
    from ops.tenant as known
    where known.tenant_id = in_snapshots.tenant_id
)
on conflict do nothing
