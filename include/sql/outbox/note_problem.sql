-- Notes what keeps messages from going to a tenant (tenant_id) of which the outbox knows, and leaves all else as it was known. A second run
-- with the same problem touches nothing.
update notify.channel
set problem = %(problem)s,
    updated_at = now()
where tenant_id = %(tenant_id)s
  and problem is distinct from %(problem)s
