-- The snapshots of a tenant that were ever registered, whatever became of them.
select snapshot_id
from ops.snapshot
where tenant_id = %(tenant_id)s
