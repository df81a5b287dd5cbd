-- A message (message_id) of a tenant (tenant_id), without what it says.
select
    message.message_id,
    message.kind,
    message.action,
    message.of_message_id,
    message.due_at,
    message.priority,
    message.not_before,
    message.expires_at,
    message.dedupe_key,
    message.source,
    message.enqueued_by,
    message.state,
    message.reason,
    message.next_attempt_at,
    message.recall_wanted_at,
    message.is_settled,
    message.created_at,
    message.claimed_at,
    message.settled_at
from notify.message
where message.tenant_id = %(tenant_id)s
  and message.message_id = %(message_id)s
