-- The snapshots of a tenant that are part of history and were taken at %(instant)s or later, in the order in which they were taken.
select
    snapshot_id,
    taken_at,
    uri
from ops.snapshot
where tenant_id = %(tenant_id)s
  and state = 'loaded'
  and taken_at >= %(instant)s
order by taken_at
