-- How it stands with tenants (tenants), a row for each: their newest good snapshot and what grew with it, the last run that ended, the plan that
-- waits, what of the outbox is stuck or in doubt, a run that takes too long, what events left out. A read of some people stands for no sync.
-- Nothing is written.
select
    wanted.tenant_id,
    seen.first_at as watched_since,
    run.first_at as first_run_at,
    newest.taken_at as newest_at,
    newest.quarantined,
    usual.quarantined as usually_quarantined,
    grown.fields as newly_withheld,
    grown.since as withheld_since,
    last_run.run_id,
    last_run.outcome,
    last_run.error,
    last_run.finished_at,
    coalesce(newest.loaded_at > last_run.finished_at, false) as is_overcome,
    waiting.plan_id,
    waiting.created_at as plan_made_at,
    waiting.run_type as plan_run_type,
    stuck.count as stuck,
    stuck.since as stuck_since,
    stuck.reason as stuck_reason,
    doubt.calls as doubted_calls,
    doubt.people as doubted_people,
    doubt.since as doubted_since,
    slow.run_id as slow_run_id,
    slow.noted_at as slow_at,
    heard.changes as event_changes,
    heard.silent as event_silent,
    heard.taken_at as event_audited_at
from unnest(%(tenants)s::text[]) with ordinality as wanted (tenant_id, place)
left join ops.heartbeat as seen
  on seen.tenant_id = wanted.tenant_id
 and seen.part = 'watch'
left join lateral (
    select min(sync_run.started_at) as first_at
    from ops.sync_run
    where sync_run.tenant_id = wanted.tenant_id
) as run on true
left join lateral (
    select
        snapshot.taken_at,
        snapshot.loaded_at,
        snapshot.mode,
        snapshot.withheld_fields,
        coalesce((snapshot.counts ->> 'quarantined_rows')::bigint, 0) as quarantined
    from ops.snapshot
    where snapshot.tenant_id = wanted.tenant_id
      and snapshot.state = 'loaded'
      and snapshot.mode <> 'targeted'
    order by snapshot.taken_at desc
    limit 1
) as newest on true
-- What is usual is the median of the week before it.
left join lateral (
    select percentile_disc(0.5) within group (order by coalesce((snapshot.counts ->> 'quarantined_rows')::bigint, 0)) as quarantined
    from ops.snapshot
    where newest.quarantined > 0
      and snapshot.tenant_id = wanted.tenant_id
      and snapshot.state = 'loaded'
      and snapshot.mode <> 'targeted'
      and snapshot.taken_at < newest.taken_at
      and snapshot.taken_at >= newest.taken_at - interval '7 days'
) as usual on true
-- Fields that reads of the same kind told within the last week, and that the newest did not.
left join lateral (
    select
        array_agg(shown.field order by shown.field) as fields,
        min(shown.since) as since
    from (
        select
            field.name as field,
            max(snapshot.taken_at) filter (where field.name <> all (snapshot.withheld_fields)) as shown_at,
            (
                select min(later.taken_at)
                from ops.snapshot as later
                where later.tenant_id = wanted.tenant_id
                  and later.state = 'loaded'
                  and later.mode = newest.mode
                  and later.taken_at > max(snapshot.taken_at) filter (where field.name <> all (snapshot.withheld_fields))
            ) as since
        from unnest(newest.withheld_fields) as field (name)
        cross join ops.snapshot
        where snapshot.tenant_id = wanted.tenant_id
          and snapshot.state = 'loaded'
          and snapshot.mode = newest.mode
          and snapshot.taken_at >= %(now)s::timestamptz - interval '7 days'
        group by field.name
    ) as shown
    where shown.shown_at is not null
) as grown on true
left join lateral (
    select
        sync_run.run_id,
        sync_run.outcome,
        sync_run.error,
        sync_run.finished_at
    from ops.sync_run
    where sync_run.tenant_id = wanted.tenant_id
      and sync_run.outcome <> 'running'
      and sync_run.mode is distinct from 'targeted'
    order by sync_run.started_at desc
    limit 1
) as last_run on true
left join lateral (
    select
        plan.plan_id,
        plan.created_at,
        (
            select sync_run.run_type
            from ops.sync_run
            where sync_run.tenant_id = wanted.tenant_id
              and sync_run.plan_id = plan.plan_id
            order by sync_run.started_at desc
            limit 1
        ) as run_type
    from ops.plan
    where plan.tenant_id = wanted.tenant_id
      and plan.state = 'planned'
      and plan.over_budget <> '[]'
      and plan.is_approved is null
    order by plan.plan_id desc
    limit 1
) as waiting on true
left join notify.channel
  on channel.tenant_id = wanted.tenant_id
 and channel.retired_at is null
left join lateral (
    select
        count(*) as count,
        min(due.since) as since,
        mode() within group (order by due.reason) as reason
    from (
        select
            greatest(message.not_before, message.created_at) as since,
            message.next_attempt_at,
            message.reason
        from notify.message
        where message.tenant_id = channel.tenant_id
          and message.state = 'pending'
        union all
        select
            delivery.created_at,
            delivery.next_attempt_at,
            delivery.reason
        from notify.delivery
        where delivery.tenant_id = channel.tenant_id
          and delivery.state in ('waiting', 'unknown')
    ) as due
    where due.since <= %(now)s::timestamptz - %(patience)s::interval
      and (
          -- Nobody takes it; or nothing can be sent; or what was tried last failed, and nothing went since.
          due.next_attempt_at <= %(now)s::timestamptz - %(patience)s::interval
          or channel.problem is not null
          or (
              (
                  select attempt.outcome
                  from notify.attempt
                  where attempt.tenant_id = channel.tenant_id
                    and attempt.finished_at is not null
                  order by attempt.finished_at desc
                  limit 1
              ) in ('again', 'unknown')
              and not exists (
                  select
                  from notify.attempt
                  where attempt.tenant_id = channel.tenant_id
                    and attempt.finished_at > %(now)s::timestamptz - %(patience)s::interval
                    and attempt.outcome in ('sent', 'done', 'recalled')
              )
          )
      )
) as stuck on true
left join lateral (
    select
        count(*) as calls,
        sum(called.people) as people,
        min(called.since) as since
    from (
        select
            delivery.delivery_id,
            delivery.people,
            min(attempt.finished_at) as since
        from notify.attempt
        join notify.delivery
          on delivery.delivery_id = attempt.delivery_id
        where attempt.tenant_id = wanted.tenant_id
          and attempt.finished_at > %(now)s::timestamptz - interval '1 day'
          and attempt.action = 'send'
          and attempt.outcome = 'unknown'
          and (
              delivery.state = 'dead'
              or (delivery.state = 'unknown' and attempt.finished_at <= %(now)s::timestamptz - %(patience)s::interval)
          )
        group by
            delivery.delivery_id,
            delivery.people
    ) as called
) as doubt on true
left join lateral (
    select
        slow_run.run_id,
        slow_run.noted_at
    from ops.slow_run
    where slow_run.tenant_id = wanted.tenant_id
      and slow_run.noted_at > %(now)s::timestamptz - interval '7 days'
      and not exists (
          select
          from ops.sync_run
          where sync_run.tenant_id = wanted.tenant_id
            and sync_run.finished_at > slow_run.noted_at
      )
    order by slow_run.noted_at desc
    limit 1
) as slow on true
left join lateral (
    select
        event_audit.changes,
        event_audit.silent,
        event_audit.taken_at
    from ops.event_audit
    where event_audit.tenant_id = wanted.tenant_id
    order by event_audit.taken_at desc
    limit 1
) as heard on true
order by wanted.place
