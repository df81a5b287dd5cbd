-- The newest messages, of one tenant (tenant_id) or all, of one state (state) or all, or one alone (message_id), with what became of them;
-- so many (most_messages).
select
    message.message_id,
    message.tenant_id,
    message.kind,
    message.action,
    message.of_message_id,
    message.title,
    message.body,
    message.url,
    message.due_at,
    message.audience,
    message.priority,
    message.dedupe_key,
    message.source,
    message.enqueued_by,
    message.state,
    message.reason,
    message.created_at,
    message.not_before,
    message.expires_at,
    message.next_attempt_at,
    message.settled_at,
    coalesce((
        select jsonb_object_agg(recipient.state, recipient.people)
        from (
            select
                state,
                count(*) as people
            from notify.recipient
            where recipient.message_id = message.message_id
            group by state
        ) as recipient
    ), '{}') as recipients,
    (
        select count(*)
        from notify.delivery_message as carried
        where carried.message_id = message.message_id
    ) as calls
from notify.message as message
where (%(tenant_id)s::text is null or message.tenant_id = %(tenant_id)s)
  and (%(state)s::text is null or message.state = %(state)s)
  and (%(message_id)s::bigint is null or message.message_id = %(message_id)s)
order by message.message_id desc
limit %(most_messages)s
