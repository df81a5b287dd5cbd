-- Takes a retraction of a snapshot (%(snapshot_id)s) back, as somebody (%(decided_by)s) wants. One that was part of history is due to be
-- loaded again. Harmless when run again.
update ops.snapshot
set state = 'landed',
    is_due = plan_id is not null,
    decided_by = %(decided_by)s
where snapshot_id = %(snapshot_id)s
  and state = 'retracted'
