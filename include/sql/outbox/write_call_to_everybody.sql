-- Makes one call to everybody for messages (message_ids; the first of them, message_id, gives the content). A second run finds nobody who
-- waits, but would make an empty call: it runs once, in the transaction that claims the messages.
with made as (
    insert into notify.delivery (
        tenant_id,
        message_id,
        to_all,
        people,
        priority,
        next_attempt_at
    )
    select
        %(tenant_id)s,
        %(message_id)s,
        true,
        count(distinct user_id),
        %(priority)s,
        %(now)s
    from notify.recipient
    where message_id = any (%(message_ids)s)
      and state = 'pending'
      and delivery_id is null
    returning delivery_id
)
update notify.recipient
set delivery_id = made.delivery_id,
    is_named = false
from made
where recipient.message_id = any (%(message_ids)s)
  and recipient.state = 'pending'
  and recipient.delivery_id is null
