-- The newest messages (so many: most) of a tenant (tenant_id) that were for a person (user_id), and what became of them; not what they say.
select
    message.message_id,
    message.kind,
    message.action,
    message.source,
    recipient.state,
    recipient.reason,
    recipient.updated_at,
    message.created_at
from notify.recipient
join notify.message
  on message.message_id = recipient.message_id
 and message.tenant_id = %(tenant_id)s
where recipient.user_id = %(user_id)s
order by recipient.message_id desc
limit %(most)s
