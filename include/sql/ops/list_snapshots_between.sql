-- The snapshots of a tenant taken after %(after)s and not later than %(until)s that may be loaded, in the order in which they were taken.
select
    snapshot_id,
    uri,
    taken_at,
    state,
    is_complete
from ops.snapshot
where tenant_id = %(tenant_id)s
  and taken_at > %(after)s
  and taken_at <= %(until)s
  and state in ('landed', 'loaded')
  and removed_at is null
order by taken_at
