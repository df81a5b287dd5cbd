-- Whether anything is known of a tenant (tenant_id).
select
    exists (
        select from ops.snapshot
        where snapshot.tenant_id = %(tenant_id)s
    )
    or exists (
        select from ops.sync_run
        where sync_run.tenant_id = %(tenant_id)s
    ) as has_history
