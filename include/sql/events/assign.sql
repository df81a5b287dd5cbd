-- Notes that a snapshot (%(snapshot_id)s) was read for these events of a tenant (%(event_keys)s). A second run counts another try.
update ops.event
set handled_by = %(snapshot_id)s,
    attempts = attempts + 1,
    tried_at = clock_timestamp()
where tenant_id = %(tenant_id)s
  and event_key = any (%(event_keys)s)
  and handled_at is null
