-- The tenants of which anything is known: each is looked up in the index after the one before it, for they have thousands of rows each.
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
),
in_runs (tenant_id) as (
    select min(sync_run.tenant_id)
    from ops.sync_run
    union all
    select (
        select min(sync_run.tenant_id)
        from ops.sync_run
        where sync_run.tenant_id > in_runs.tenant_id
    )
    from in_runs
    where in_runs.tenant_id is not null
)
select tenant_id
from in_snapshots
where tenant_id is not null
union
select tenant_id
from in_runs
where tenant_id is not null
order by tenant_id
