-- Ends the events of a tenant (%(event_keys)s) that name nobody and nothing a directory is made of. Harmless when run again.
update ops.event
set handled_at = clock_timestamp(),
    outcome = 'nothing to read'
where tenant_id = %(tenant_id)s
  and event_key = any (%(event_keys)s)
  and handled_at is null
