-- The messages that a person (tenant_id, user_id) was sent, or is to be, and what became of each.
select
    message.message_id,
    message.kind,
    message.action,
    message.title,
    message.body,
    message.url,
    message.source,
    recipient.state,
    recipient.reason,
    message.created_at,
    recipient.updated_at
from notify.recipient
join notify.message using (message_id)
where message.tenant_id = %(tenant_id)s
  and recipient.user_id = %(user_id)s
order by message.message_id
