-- How much each table holds of a person (tenant_id, ids, of which keys are user ids), before anything is removed.
select
    (select count(*) from org.user_version as version where version.tenant_id = %(tenant_id)s and version.user_id = any (%(keys)s)) as "org.user_version",
    (select count(*) from org.membership_version as version where version.tenant_id = %(tenant_id)s and version.user_id = any (%(keys)s)) as "org.membership_version",
    (
        select count(*)
        from org.user_version as version
        where version.tenant_id = %(tenant_id)s
          and version.manager_user_id = any (%(ids)s)
          and version.user_id <> all (%(keys)s)
    ) as "org.user_version: mentions",
    (
        select count(*)
        from org.department_version as version
        where version.tenant_id = %(tenant_id)s
          and version.leader_user_ids && %(ids)s::text[]
    ) as "org.department_version: mentions",
    (select count(*) from ops.quarantine as kept where kept.tenant_id = %(tenant_id)s and kept.user_id = any (%(ids)s)) as "ops.quarantine",
    (
        select count(*)
        from ops.plan_change as change
        join ops.plan using (plan_id)
        where plan.tenant_id = %(tenant_id)s
          and change.user_id = any (%(ids)s)
    ) as "ops.plan_change",
    (
        select count(*)
        from ops.audit
        where audit.tenant_id = %(tenant_id)s
          and audit.subject = any (%(ids)s)
          and not starts_with(audit.action, 'message.')
    ) as "ops.audit",
    (
        select count(*)
        from notify.recipient
        join notify.message using (message_id)
        where message.tenant_id = %(tenant_id)s
          and recipient.user_id = any (%(ids)s)
    ) as "notify.recipient"
