-- The loaded snapshots of a tenant that have to be judged anew, in the order in which they were taken.
select snapshot_id
from ops.snapshot
where tenant_id = %(tenant_id)s
  and is_stale
  and removed_at is null
order by taken_at
