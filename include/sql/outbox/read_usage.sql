-- What a tenant (tenant_id) has used of the platform's quotas: in the second and the minute before now, since the day and the month began.
select
    coalesce(sum(calls) filter (where started_at > %(now)s::timestamptz - interval '1 second'), 0)::integer as calls_this_second,
    coalesce(sum(calls) filter (where started_at > %(now)s::timestamptz - interval '1 minute'), 0)::integer as calls_this_minute,
    coalesce(sum(people) filter (where started_at > %(now)s::timestamptz - interval '1 minute' and action = 'send' and not to_all), 0)::integer as people_this_minute,
    coalesce(sum(people) filter (where started_at >= %(day_start)s and action = 'send'), 0)::integer as people_today,
    count(*) filter (where started_at >= %(day_start)s and action = 'send' and to_all)::integer as to_all_today,
    coalesce(sum(calls), 0)::integer as calls_this_month,
    min(started_at) filter (where started_at > %(now)s::timestamptz - interval '1 minute') as oldest_in_minute,
    min(started_at) filter (where started_at > %(now)s::timestamptz - interval '1 second') as oldest_in_second
from notify.attempt
where tenant_id = %(tenant_id)s
  and started_at >= least(%(month_start)s, %(now)s::timestamptz - interval '1 minute')
