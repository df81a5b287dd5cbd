-- The union ids by which a tenant's people were known when a loaded snapshot (%(snapshot_id)s) was taken.
select
    version.user_id,
    version.union_id
from ops.snapshot
join org.user_version as version
  on version.tenant_id = snapshot.tenant_id
 and version.valid_from <= snapshot.taken_at
 and (version.valid_to is null or version.valid_to > snapshot.taken_at)
where snapshot.snapshot_id = %(snapshot_id)s
  and version.union_id is not null
