-- Says that what was decided about a snapshot stands in the landing zone. Harmless when run again.
update ops.snapshot
set noted_at = decided_at
where snapshot_id = %(snapshot_id)s
