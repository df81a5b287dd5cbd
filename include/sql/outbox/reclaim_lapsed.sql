-- Finds the calls of a tenant (tenant_id) whose worker is gone (its lease ended before now): nobody knows whether they went out.
-- Their attempts are unknown, and they are made again with the same key; one that was lost so often (most_attempts) is given up: what ends
-- a worker each time would end the next one too. A second run finds none.
with lapsed as (
    update notify.delivery
    set state = case when delivery.attempts >= %(most_attempts)s then 'dead' else 'unknown' end,
        reason = 'whoever made this call ended before its answer was written down',
        next_attempt_at = %(now)s,
        claimed_by = null,
        lease_until = null,
        lease_attempt_id = null
    where delivery.tenant_id = %(tenant_id)s
      and delivery.state = 'calling'
      and delivery.lease_until <= %(now)s
    returning delivery.delivery_id
), asked as (
    -- A question or a recall whose worker is gone is simply asked again.
    update notify.delivery
    set claimed_by = null,
        lease_until = null,
        lease_attempt_id = null
    where delivery.tenant_id = %(tenant_id)s
      and delivery.state <> 'calling'
      and delivery.lease_until <= %(now)s
    returning delivery.delivery_id
), lost as (
    update notify.attempt
    set outcome = 'unknown',
        reason = 'whoever made this call ended before its answer was written down',
        finished_at = %(now)s
    from (select delivery_id from lapsed union all select delivery_id from asked) as ended
    where attempt.delivery_id = ended.delivery_id
      and attempt.outcome = 'calling'
), unsettled as (
    update notify.message
    set is_settled = false
    from notify.delivery_message as carried
    join lapsed
      on lapsed.delivery_id = carried.delivery_id
    where message.message_id = carried.message_id
)
update notify.recipient
set state = 'unknown',
    updated_at = %(now)s
from lapsed
where recipient.delivery_id = lapsed.delivery_id
  and recipient.state = 'pending'
