-- Where the snapshots of a tenant (tenant_id) are that were not removed, as far as the warehouse knows.
select
    snapshot_id,
    uri,
    taken_at
from ops.snapshot
where tenant_id = %(tenant_id)s
  and removed_at is null
order by taken_at
