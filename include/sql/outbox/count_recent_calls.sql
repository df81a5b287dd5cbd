-- How many calls of a tenant (tenant_id) fall into the minute and the day before now, or wait: an upper bound for what one person has had.
-- None of them has an id below since_delivery_id.
select
    count(*) filter (where coalesce(first_called_at, next_attempt_at) > %(now)s::timestamptz - interval '1 minute') as in_minute,
    count(*) as in_day,
    coalesce(min(delivery_id), (select max(delivery_id) from notify.delivery), 0) as since_delivery_id
from notify.delivery
where tenant_id = %(tenant_id)s
  and (
    created_at > %(now)s::timestamptz - interval '1 day'
    or first_called_at > %(now)s::timestamptz - interval '1 day'
    or state in ('waiting', 'unknown')
  )
