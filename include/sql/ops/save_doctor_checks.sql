-- Keeps what was found about a tenant: since when each outcome is what it is, and what it was before. What could not be tried (skipped)
-- stays as it was found before; of a name that was tried, a subject that is not there any more goes.
with found as (
    select *
    from jsonb_to_recordset(%(checks)s) as found (
        name text,
        subject text,
        outcome text,
        code text,
        reason text,
        fix text,
        lost text,
        reason_zh text,
        fix_zh text,
        lost_zh text
    )
),
gone as (
    delete from ops.doctor_check as kept
    where kept.tenant_id = %(tenant_id)s
      and kept.name in (select found.name from found where found.outcome <> 'skipped')
      and (kept.name, kept.subject) not in (select found.name, found.subject from found)
)
insert into ops.doctor_check as kept (
    tenant_id, name, subject, outcome, since, checked_at, code, reason, fix, lost, reason_zh, fix_zh, lost_zh
)
select
    %(tenant_id)s,
    name,
    subject,
    outcome,
    now(),
    now(),
    nullif(code, ''),
    reason,
    nullif(fix, ''),
    nullif(lost, ''),
    reason_zh,
    nullif(fix_zh, ''),
    nullif(lost_zh, '')
from found
on conflict (tenant_id, name, subject) do update
set outcome = excluded.outcome,
    outcome_before = case when kept.outcome = excluded.outcome then kept.outcome_before else kept.outcome end,
    since = case when kept.outcome = excluded.outcome then kept.since else excluded.since end,
    checked_at = excluded.checked_at,
    code = excluded.code,
    reason = excluded.reason,
    fix = excluded.fix,
    lost = excluded.lost,
    reason_zh = excluded.reason_zh,
    fix_zh = excluded.fix_zh,
    lost_zh = excluded.lost_zh
where excluded.outcome <> 'skipped'
