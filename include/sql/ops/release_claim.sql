-- Gives a claim back, unless somebody took it over. Harmless when run again.
update ops.claim
set held_until = null
where tenant_id = %(tenant_id)s
  and purpose = %(purpose)s
  and generation = %(generation)s
