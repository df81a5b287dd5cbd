-- The snapshots of a tenant taken after %(after)s and not later than %(until)s that somebody decided not to load.
select
    snapshot_id,
    taken_at,
    state,
    decided_at,
    decided_by
from ops.snapshot
where tenant_id = %(tenant_id)s
  and taken_at > %(after)s
  and taken_at <= %(until)s
  and state in ('rejected', 'retracted')
  and removed_at is null
order by taken_at
