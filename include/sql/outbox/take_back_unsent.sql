-- Ends the calls of a tenant (tenant_id) that were to be taken back before they were made; of those of which nobody knows whether they were,
-- it says so. A second run finds none.
with ended as (
    update notify.delivery
    set state = case when delivery.state = 'waiting' then 'recalled' else 'recall_failed' end,
        reason = case when delivery.state = 'waiting' then 'not sent yet'
            else 'nobody knows whether it was sent, and the platform gave no id to take it back by' end,
        recall_after = null
    where delivery.tenant_id = %(tenant_id)s
      and delivery.state in ('waiting', 'unknown')
      and (
        delivery.recall_after is not null
        -- Made of another one while that was to be taken back.
        or not exists (
            select
            from notify.delivery_message as carried
            join notify.message as wanted
              on wanted.message_id = carried.message_id
            where carried.delivery_id = delivery.delivery_id
              and wanted.recall_wanted_at is null
        )
      )
    returning
        delivery.delivery_id,
        delivery.state,
        delivery.reason
), told as (
    update notify.recipient
    set state = ended.state,
        reason = ended.reason,
        updated_at = %(now)s
    from ended
    where recipient.delivery_id = ended.delivery_id
      and recipient.state in ('pending', 'unknown')
)
update notify.message
set is_settled = false
from notify.delivery_message as carried
join ended
  on ended.delivery_id = carried.delivery_id
where message.message_id = carried.message_id
