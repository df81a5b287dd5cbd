-- Says that a snapshot (%(snapshot_id)s) is no part of history, and never will be, and who wanted that (%(decided_by)s).
-- Harmless when run again.
update ops.snapshot
set state = 'retracted',
    is_stale = false,
    is_due = false,
    decided_by = %(decided_by)s
where snapshot_id = %(snapshot_id)s
