-- Holds a claim for another while, unless it was given back or somebody took it over. Harmless when run again.
update ops.claim
set held_until = clock_timestamp() + make_interval(secs => %(seconds)s)
where tenant_id = %(tenant_id)s
  and purpose = %(purpose)s
  and generation = %(generation)s
  and held_until is not null
