-- Lets the calls of a tenant (tenant_id) up to a priority (priority), or one of them (delivery_id), wait until an instant (until), and says
-- why (reason); their messages say it too. A second run changes nothing.
with held as (
    update notify.delivery
    set next_attempt_at = %(until)s,
        reason = %(reason)s
    where tenant_id = %(tenant_id)s
      and state in ('waiting', 'unknown')
      and priority <= %(priority)s
      and next_attempt_at < %(until)s
      and (%(delivery_id)s::bigint is null or delivery_id = %(delivery_id)s)
    returning delivery_id
)
update notify.message
set reason = %(reason)s
from notify.delivery_message as carried
join held
  on held.delivery_id = carried.delivery_id
where message.message_id = carried.message_id
  and message.reason is distinct from %(reason)s
