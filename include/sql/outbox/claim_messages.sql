-- The most urgent messages of a tenant (tenant_id) that may go now, held until the transaction ends; those that another worker has are
-- passed over. Equal ones (content_digest) are planned together, so all of them are looked for before the limit (most_messages) counts.
select
    message.message_id,
    message.kind,
    message.action,
    message.of_message_id,
    message.title,
    message.body,
    message.url,
    message.due_at,
    message.priority,
    message.content_digest,
    message.not_before,
    coalesce((message.audience ->> 'everyone')::boolean, false) as is_everybody,
    message.audience ->> 'query' as query
from notify.message as message
where message.tenant_id = %(tenant_id)s
  and message.state = 'pending'
  and message.next_attempt_at <= %(now)s
order by
    message.priority desc,
    message.next_attempt_at,
    message.message_id
limit %(most_messages)s
for update skip locked
