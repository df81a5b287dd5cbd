-- How much the larger tables hold of a tenant (tenant_id), before anything is removed.
select
    (select count(*) from org.user_version as version where version.tenant_id = %(tenant_id)s) as "org.user_version",
    (select count(*) from org.membership_version as version where version.tenant_id = %(tenant_id)s) as "org.membership_version",
    (select count(*) from org.department_version as version where version.tenant_id = %(tenant_id)s) as "org.department_version",
    (select count(*) from ops.snapshot where snapshot.tenant_id = %(tenant_id)s) as "ops.snapshot",
    (select count(*) from ops.plan where plan.tenant_id = %(tenant_id)s) as "ops.plan",
    (select count(*) from ops.sync_run where sync_run.tenant_id = %(tenant_id)s) as "ops.sync_run",
    (select count(*) from ops.audit where audit.tenant_id = %(tenant_id)s) as "ops.audit",
    (select count(*) from notify.message where message.tenant_id = %(tenant_id)s) as "notify.message"
