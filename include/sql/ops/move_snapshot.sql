-- Records where a snapshot is now: the landing zone was moved, or is mounted elsewhere on this machine. Harmless when run again.
update ops.snapshot
set uri = %(uri)s
where snapshot_id = %(snapshot_id)s
  and uri <> %(uri)s
