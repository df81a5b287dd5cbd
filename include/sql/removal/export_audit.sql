-- Who looked at a person (tenant_id, user_id) or did something about them through the pages, and what they did there themselves.
select
    audit.happened_at,
    audit.actor,
    audit.action,
    audit.subject,
    audit.detail
from ops.audit
where (audit.tenant_id = %(tenant_id)s and audit.subject = %(user_id)s and not starts_with(audit.action, 'message.'))
   or audit.actor = %(tenant_id)s || ':' || %(user_id)s
order by audit.audit_id
