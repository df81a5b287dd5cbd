-- Waits until no other worker counts and claims calls of this tenant (tenant_id), or of another that is sent to by the same connection; held
-- to the end of the transaction.
select pg_advisory_xact_lock(
    hashtextextended(
        'orgsync.pace.' || coalesce((select 'connection ' || conn_id from notify.channel where tenant_id = %(tenant_id)s), %(tenant_id)s),
        0
    )
)
