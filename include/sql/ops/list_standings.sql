-- What became of each snapshot of a tenant, as far as it decides which are kept: one that is to be loaded by a rebuild counts as loaded.
select
    snapshot_id,
    case when is_due then 'loaded' else state end as state,
    mode,
    is_complete,
    removed_at is not null as is_removed
from ops.snapshot
where tenant_id = %(tenant_id)s
