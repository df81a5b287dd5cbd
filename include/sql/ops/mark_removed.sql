-- Says that a snapshot's files are gone from the landing zone. Harmless when run again: the first time stays.
update ops.snapshot
set removed_at = clock_timestamp()
where snapshot_id = %(snapshot_id)s
  and removed_at is null
