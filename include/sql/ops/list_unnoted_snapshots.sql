-- The snapshots of a tenant about which something was decided that does not stand in the landing zone yet.
select snapshot_id
from ops.snapshot
where tenant_id = %(tenant_id)s
  and decided_at is distinct from noted_at
  and removed_at is null
order by taken_at
