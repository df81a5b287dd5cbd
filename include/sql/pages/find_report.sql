-- A snapshot (snapshot_id) of a tenant (tenant_id), if there is one.
select
    snapshot.snapshot_id,
    snapshot.taken_at
from ops.snapshot
where snapshot.snapshot_id = %(snapshot_id)s
  and snapshot.tenant_id = %(tenant_id)s
