-- How many calls of a tenant (tenant_id) fall into the minute and the day before now: an upper bound for what one person has had.
select
    count(*) filter (where coalesce(first_called_at, next_attempt_at) > %(now)s::timestamptz - interval '1 minute') as in_minute,
    count(*) as in_day
from notify.delivery
where tenant_id = %(tenant_id)s
  and (created_at > %(now)s::timestamptz - interval '1 day' or first_called_at > %(now)s::timestamptz - interval '1 day')
