-- What a tenant (tenant_id), with all that are sent to by the same connection, has used of the platform's quotas: in the second before now, in
-- the minute since minute_start, since the day and the month began (day_start, month_start); nothing that ended before since is looked at. A
-- call under way ends now. Receivers count where the platform took the call, or may have.
with sharing as materialized (
    select array[%(tenant_id)s::text] || array(
        select other.tenant_id
        from notify.channel as own
        join notify.channel as other
          on other.conn_id = own.conn_id
         and other.tenant_id <> own.tenant_id
        where own.tenant_id = %(tenant_id)s
    ) as tenant_ids
), spent as materialized (
    select
        coalesce(finished_at, %(now)s) as ended_at,
        started_at,
        calls,
        case when action = 'send' and outcome in ('calling', 'sent', 'unknown') then people else 0 end as people,
        to_all
    from notify.attempt
    where tenant_id = any ((select tenant_ids from sharing)::text[])
      and (finished_at >= %(since)s or finished_at is null)
), lately as (
    select
        max(ended_at) as at,
        sum(calls)::integer as calls,
        coalesce(sum(people) filter (where not to_all), 0)::integer as people
    from spent
    where ended_at > %(minute_start)s
    group by date_trunc('second', ended_at)
)
select
    coalesce(sum(calls) filter (where started_at > %(now)s::timestamptz - interval '1 second'), 0)::integer as calls_this_second,
    min(started_at) filter (where started_at > %(now)s::timestamptz - interval '1 second') as oldest_in_second,
    coalesce(sum(people) filter (where ended_at >= %(day_start)s), 0)::integer as people_today,
    count(*) filter (where ended_at >= %(day_start)s and to_all and people > 0)::integer as to_all_today,
    coalesce(sum(calls) filter (where ended_at >= %(month_start)s), 0)::integer as calls_this_month,
    (select array_agg(at order by at) from lately) as lately_at,
    (select array_agg(calls order by at) from lately) as lately_calls,
    (select array_agg(people order by at) from lately) as lately_people
from spent
