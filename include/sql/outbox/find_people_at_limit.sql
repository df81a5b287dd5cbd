-- Who of the people of calls (delivery_ids) of a tenant (tenant_id) has had, from it and from all that are sent to by the same connection, as many
-- messages as allowed now, or would have by these calls: so many (mosts) in any stretch of time that is so long (spans). until is when they may
-- get one again, by the limit of that span; null: they may get one now. A message counts from the end of its call; one under way ends now.
with sharing as materialized (
    select array[%(tenant_id)s::text] || array(
        select other.tenant_id
        from notify.channel as own
        join notify.channel as other
          on other.conn_id = own.conn_id
         and other.tenant_id <> own.tenant_id
        where own.tenant_id = %(tenant_id)s
    ) as tenant_ids
), limited as (
    select
        most,
        span
    from unnest(%(mosts)s::integer[], %(spans)s::interval[]) as limited (most, span)
), lately as materialized (
    select
        delivery_id,
        coalesce(finished_at, %(now)s) as ended_at
    from notify.attempt
    where tenant_id = any ((select tenant_ids from sharing)::text[])
      and action = 'send'
      and outcome in ('calling', 'sent', 'unknown')
      and (finished_at > %(now)s::timestamptz - (select max(span) from limited) or finished_at is null)
), allowed as materialized (
    -- Where all their calls together do not reach a limit, nobody does, and nobody is looked at.
    select
        limited.most,
        limited.span
    from limited
    where limited.most < cardinality(%(delivery_ids)s::bigint[]) + (
        select count(*)
        from lately
        where lately.ended_at > %(now)s::timestamptz - limited.span
    )
), person as materialized (
    select
        user_id,
        count(distinct delivery_id)::integer as calls
    from notify.recipient
    where delivery_id = any (%(delivery_ids)s::bigint[])
      and (select count(*) from allowed) > 0
    group by user_id
), had as materialized (
    select
        person.user_id,
        person.calls,
        earlier.ended_at
    from person
    -- Person by person, from what that person had to its call and that call's attempts, in this order: offset 0 keeps the planner from another.
    cross join lateral (
        select array_agg(sent.ended_at order by sent.ended_at desc) as ended_at
        from (
            select distinct recipient.delivery_id
            from notify.recipient
            where recipient.user_id = person.user_id
              and recipient.delivery_id >= (select min(delivery_id) from lately)
            offset 0
        ) as carried
        cross join lateral (
            select coalesce(attempt.finished_at, %(now)s) as ended_at
            from notify.attempt
            where attempt.delivery_id = carried.delivery_id
              and attempt.tenant_id = any ((select tenant_ids from sharing)::text[])
              and attempt.action = 'send'
              and attempt.outcome in ('calling', 'sent', 'unknown')
            offset 0
        ) as sent
    ) as earlier
), reached as (
    select
        had.user_id,
        allowed.span,
        had.ended_at[allowed.most] + allowed.span as until
    from had
    join allowed
      on had.calls > allowed.most
      or had.ended_at[allowed.most - had.calls + 1] + allowed.span > %(now)s
), longest as (
    select distinct on (user_id)
        user_id,
        case when until > %(now)s then until end as until,
        case when until > %(now)s then span end as span
    from reached
    order by
        user_id,
        until desc nulls last
)
select distinct
    recipient.delivery_id,
    longest.user_id,
    longest.until,
    longest.span
from longest
join notify.recipient
  on recipient.user_id = longest.user_id
 and recipient.delivery_id = any (%(delivery_ids)s::bigint[])
