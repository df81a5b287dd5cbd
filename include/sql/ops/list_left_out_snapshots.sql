-- The snapshots of a tenant whose files are in the landing zone and that are not part of history, the oldest first.
select
    snapshot_id,
    taken_at,
    state,
    is_complete,
    problems,
    decided_at,
    decided_by
from ops.snapshot
where tenant_id = %(tenant_id)s
  and removed_at is null
  and state <> 'loaded'
  and not is_due
order by taken_at
