-- Makes a call for each call that made a todo (of_message_id) and got an id for it, to change it as a message (message_id) says.
-- Runs once, in the transaction that claims the message.
insert into notify.delivery (
    tenant_id,
    message_id,
    of_delivery_id,
    action,
    people,
    priority,
    platform_id,
    next_attempt_at
)
select
    made.tenant_id,
    %(message_id)s,
    made.delivery_id,
    %(action)s,
    made.people,
    %(priority)s,
    made.platform_id,
    %(now)s
from notify.delivery as made
join notify.delivery_message as carried
  on carried.delivery_id = made.delivery_id
where carried.message_id = %(of_message_id)s
  and made.state = 'sent'
  and made.platform_id <> ''
