-- The tenants for which there is something to do now: to send, to take back, to ask about, to find lost, to expire or to settle. For one
-- that is not in the tenants file any more nothing can be done.
select channel.tenant_id
from notify.channel as channel
where channel.retired_at is null and (exists (
    select from notify.message
    where message.tenant_id = channel.tenant_id and message.state = 'pending'
      and (message.next_attempt_at <= %(now)s or message.expires_at <= %(now)s)
)
or exists (select from notify.message where message.tenant_id = channel.tenant_id and not message.is_settled)
or exists (
    select from notify.delivery
    where delivery.tenant_id = channel.tenant_id and delivery.state in ('waiting', 'unknown') and delivery.next_attempt_at <= %(now)s
)
or exists (
    select from notify.delivery
    where delivery.tenant_id = channel.tenant_id and delivery.state = 'calling' and delivery.lease_until <= %(now)s
)
or exists (select from notify.delivery where delivery.tenant_id = channel.tenant_id and delivery.results_after <= %(now)s)
or exists (select from notify.delivery where delivery.tenant_id = channel.tenant_id and delivery.recall_after <= %(now)s)
)
order by channel.tenant_id
