-- How events go, a line for each tenant (%(tenant_id)s, null: each one) that ever received any: those that wait, those of the last day and what
-- was refused of it (by day, in UTC), and what the last full read counted that they had left out. Nothing is written.
with event as (
    select
        event.tenant_id,
        max(event.received_at) as last_received_at,
        count(*) filter (where event.received_at > now() - interval '1 day') as received,
        count(*) filter (where event.handled_at is null) as waiting,
        min(event.received_at) filter (where event.handled_at is null) as waiting_since,
        -- Acted on by themselves, and not by the read that was due anyway.
        percentile_cont(0.5) within group (order by extract(epoch from event.handled_at - event.received_at)) filter (
            where event.received_at > now() - interval '1 day'
              and event.outcome = 'read'
        ) as median_seconds
    from ops.event
    where %(tenant_id)s::text is null
       or event.tenant_id = %(tenant_id)s
    group by event.tenant_id
),
refusal as (
    select
        refusal.tenant_id,
        sum(refusal.refusals) as refused
    from ops.event_refusal as refusal
    where refusal.refused_on >= (now() at time zone 'UTC')::date - 1
    group by refusal.tenant_id
),
audit as (
    select distinct on (audit.tenant_id) audit.*
    from ops.event_audit as audit
    order by
        audit.tenant_id,
        audit.taken_at desc
)
select
    event.tenant_id,
    event.last_received_at,
    event.received,
    coalesce(refusal.refused, 0)::bigint as refused,
    event.waiting,
    event.waiting_since,
    event.median_seconds::double precision as median_seconds,
    audit.taken_at as audited_at,
    audit.changes,
    audit.silent,
    audit.silent_kinds,
    audit.events as audited_events,
    audit.empty
from event
left join refusal using (tenant_id)
left join audit using (tenant_id)
order by event.tenant_id
