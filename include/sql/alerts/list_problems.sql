-- Every problem that is remembered.
select
    tenant_id,
    kind,
    subject,
    outcome,
    reason,
    reason_zh,
    fix,
    fix_zh,
    link,
    since,
    first_seen_at,
    last_seen_at,
    over_at,
    returns
from ops.problem
