-- How it stands with some tenants (tenants) at an instant (now), in numbers alone: the age of the newest snapshot of everybody in history, who and what is there
-- now, what waits for a person, what was left out, what waits in the outbox. It only reads. A tenant that nothing was ever loaded of has no age.
select
    wanted.tenant_id,
    extract(epoch from %(now)s::timestamptz - newest.taken_at)::double precision as snapshot_age_seconds,
    coalesce(cardinality(newest.withheld_fields), 0) as withheld_fields,
    coalesce((newest.counts ->> 'quarantined_rows')::bigint, 0) as quarantined_rows,
    (select count(*) from org.user_version where user_version.tenant_id = wanted.tenant_id and user_version.valid_to is null) as people,
    (
        select count(*)
        from org.department_version
        where department_version.tenant_id = wanted.tenant_id
          and department_version.valid_to is null
    ) as departments,
    (
        select count(*)
        from ops.plan
        where plan.tenant_id = wanted.tenant_id
          and plan.state = 'planned'
          and plan.over_budget <> '[]'
          and plan.is_approved is null
    ) as waiting_plans,
    queued.due as outbox_due,
    queued.waiting as outbox_waiting,
    (select count(*) from notify.delivery where delivery.tenant_id = wanted.tenant_id and delivery.state = 'unknown') as outbox_in_doubt
from unnest(%(tenants)s::text[]) with ordinality as wanted (tenant_id, place)
left join lateral (
    select
        snapshot.taken_at,
        snapshot.withheld_fields,
        snapshot.counts
    from ops.snapshot
    where snapshot.tenant_id = wanted.tenant_id
      and snapshot.state = 'loaded'
      and snapshot.mode <> 'targeted'
    order by snapshot.taken_at desc
    limit 1
) as newest on true
cross join lateral (
    select
        count(*) as waiting,
        count(*) filter (where message.next_attempt_at <= %(now)s) as due
    from notify.message
    where message.tenant_id = wanted.tenant_id
      and message.state in ('pending', 'claimed')
) as queued
order by wanted.place
