-- How it stands with some tenants (tenants, in their order): newest good snapshot of everybody, last run, what waits, what events left out.
select
    wanted.tenant_id,
    coalesce(run.platform, newest.platform) as platform,
    newest.taken_at as newest_at,
    newest.withheld_fields as withheld,
    coalesce((newest.counts ->> 'quarantined_rows')::bigint, 0) as quarantined,
    heads.people,
    run.outcome,
    run.error,
    run.started_at,
    waiting.plan_id,
    queued.messages,
    coalesce(checks.broken, '{}') as broken_checks,
    heard.changes as event_changes,
    heard.silent as event_silent,
    pushed.waiting as events_waiting,
    roster.retired_at
from unnest(%(tenants)s::text[]) with ordinality as wanted (tenant_id, place)
left join lateral (
    select snapshot.*
    from ops.snapshot
    where snapshot.tenant_id = wanted.tenant_id
      and snapshot.state = 'loaded'
      and snapshot.mode <> 'targeted'
    order by snapshot.taken_at desc
    limit 1
) as newest on true
left join lateral (
    select sum(change.total) as people
    from org.headcount_change as change
    where change.tenant_id = wanted.tenant_id
      and change.department_id = ''
) as heads on true
left join lateral (
    select sync_run.*
    from ops.sync_run
    where sync_run.tenant_id = wanted.tenant_id
    order by sync_run.started_at desc
    limit 1
) as run on true
left join lateral (
    select max(plan.plan_id) as plan_id
    from ops.plan
    where plan.tenant_id = wanted.tenant_id
      and plan.state = 'planned'
      and plan.over_budget <> '[]'
      and plan.is_approved is null
) as waiting on true
left join lateral (
    select count(*) as messages
    from notify.message
    where message.tenant_id = wanted.tenant_id
      and message.state in ('pending', 'claimed')
) as queued on true
left join lateral (
    select array_agg(distinct doctor_check.name order by doctor_check.name) as broken
    from ops.doctor_check
    where doctor_check.tenant_id = wanted.tenant_id
      and doctor_check.outcome = 'broken'
) as checks on true
left join lateral (
    select
        audit.changes,
        audit.silent
    from ops.event_audit as audit
    where audit.tenant_id = wanted.tenant_id
    order by audit.taken_at desc
    limit 1
) as heard on true
left join lateral (
    select count(*) as waiting
    from ops.event
    where event.tenant_id = wanted.tenant_id
      and event.handled_at is null
) as pushed on true
left join ops.tenant as roster on roster.tenant_id = wanted.tenant_id
order by wanted.place
