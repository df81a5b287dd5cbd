-- The snapshots of a tenant that a rebuild loads, in the order in which they were taken: those that were part of history, and if asked for
-- (%(with_undecided)s) those that only landed; of the latter an incomplete one only where the tenant takes such (%(is_partial_welcome)s).
select
    snapshot_id,
    taken_at,
    is_due
from ops.snapshot
where tenant_id = %(tenant_id)s
  and removed_at is null
  and (
    is_due
    or (%(with_undecided)s and state = 'landed' and (is_complete or %(is_partial_welcome)s))
  )
order by taken_at
