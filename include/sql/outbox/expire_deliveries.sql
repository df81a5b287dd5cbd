-- Ends the calls of a tenant (tenant_id) that wait, or are in doubt, and all of whose messages have expired (now): they are not made again.
-- A second run finds none.
with expired as (
    update notify.delivery
    set state = 'expired',
        reason = 'it expired before it was sent'
    where delivery.tenant_id = %(tenant_id)s
      and delivery.state in ('waiting', 'unknown')
      and not exists (
        select
        from notify.delivery_message as carried
        join notify.message as message
          on message.message_id = carried.message_id
        where carried.delivery_id = delivery.delivery_id
          and (message.expires_at is null or message.expires_at > %(now)s)
      )
    returning delivery.delivery_id
), missed as (
    update notify.recipient
    set state = case when recipient.state = 'unknown' then 'unknown' else 'failed' end,
        reason = case when recipient.state = 'unknown' then 'nobody knows whether it was sent before it expired'
            else 'it expired before it was sent' end,
        updated_at = %(now)s
    from expired
    where recipient.delivery_id = expired.delivery_id
)
update notify.message
set is_settled = false
from notify.delivery_message as carried
join expired
  on expired.delivery_id = carried.delivery_id
where message.message_id = carried.message_id
