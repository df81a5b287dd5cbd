-- Takes a claim that is locked and found free; whoever held it before holds it no more.
update ops.claim
set generation = generation + 1,
    claimed_by = %(claimed_by)s,
    worker = %(worker)s,
    claimed_at = clock_timestamp(),
    held_until = clock_timestamp() + make_interval(secs => %(seconds)s)
where tenant_id = %(tenant_id)s
  and purpose = %(purpose)s
returning generation
