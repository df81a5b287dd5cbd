-- Records that a snapshot turned out not to be complete, and why. Harmless when run again.
update ops.snapshot
set is_complete = false,
    problems = array[%(problem)s::text]
where snapshot_id = %(snapshot_id)s
