-- Keeps problems as they stand (problems). A second run changes nothing.
insert into ops.problem as known (
    tenant_id, kind, subject, outcome, reason, reason_zh, fix, fix_zh, link, since, first_seen_at, last_seen_at, over_at, returns
)
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
from jsonb_to_recordset(%(problems)s) as found (
    tenant_id text,
    kind text,
    subject text,
    outcome text,
    reason text,
    reason_zh text,
    fix text,
    fix_zh text,
    link text,
    since timestamptz,
    first_seen_at timestamptz,
    last_seen_at timestamptz,
    over_at timestamptz,
    returns integer
)
order by
    tenant_id,
    kind,
    subject
on conflict (tenant_id, kind, subject) do update
set outcome = excluded.outcome,
    reason = excluded.reason,
    reason_zh = excluded.reason_zh,
    fix = excluded.fix,
    fix_zh = excluded.fix_zh,
    link = excluded.link,
    since = excluded.since,
    first_seen_at = excluded.first_seen_at,
    last_seen_at = excluded.last_seen_at,
    over_at = excluded.over_at,
    returns = excluded.returns
