-- A snapshot (%(snapshot_id)s) is part of history: nothing is left to be done for the events it was read for; of a read of everybody, for those
-- that had come before it. A frequent read leaves those about departments, of which it may lack the details. Harmless when run again.
update ops.event
set handled_at = clock_timestamp(),
    handled_by = snapshot.snapshot_id,
    outcome = 'read'
from ops.snapshot
where snapshot.snapshot_id = %(snapshot_id)s
  and event.tenant_id = snapshot.tenant_id
  and event.handled_at is null
  and case snapshot.mode
    when 'targeted' then event.handled_by = snapshot.snapshot_id
    when 'full' then event.received_at <= snapshot.taken_at
    else event.received_at <= snapshot.taken_at and event.kind not like 'department.%%'
end
