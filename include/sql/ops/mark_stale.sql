-- Says of a loaded snapshot that it has to be loaded again. Harmless when run again.
update ops.snapshot
set is_stale = true
where snapshot_id = %(snapshot_id)s
  and state = 'loaded'
