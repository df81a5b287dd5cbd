-- Waits until no other worker counts and claims calls of this tenant (tenant_id); held to the end of the transaction.
select pg_advisory_xact_lock(hashtextextended('orgsync.pace.' || %(tenant_id)s, 0))
