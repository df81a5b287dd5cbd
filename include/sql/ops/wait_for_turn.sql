-- One replay of a tenant at a time; the lock ends with the transaction, also when the process dies.
select pg_advisory_xact_lock(hashtextextended('orgsync/replay/' || %(tenant_id)s, 0))
