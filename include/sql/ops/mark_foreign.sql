-- Records that a snapshot is another company's, so that nothing loads it unasked. What is part of history stays so. Harmless when run again.
update ops.snapshot
set state = 'foreign'
where snapshot_id = %(snapshot_id)s
  and state = 'landed'
