-- What is wrong now, of some tenants (tenants) and, where with_shared, of what concerns all; what is broken first, then the oldest.
select
    tenant_id,
    kind,
    subject,
    outcome,
    reason,
    reason_zh,
    fix,
    fix_zh,
    since
from ops.problem
where over_at is null
  and (tenant_id = any (%(tenants)s::text[]) or (tenant_id = '' and %(with_shared)s))
order by
    outcome,
    since,
    kind,
    subject
