-- Whom a message (message_id) whose recipients were looked up reaches, and which of the people it names it does not: those who are not in
-- the organization, and those who have resigned.
select
    count(*) filter (where recipient.state = 'pending') as people,
    coalesce(array_agg(recipient.user_id order by recipient.user_id) filter (where recipient.state = 'failed'), '{}') as unknown,
    (
        select coalesce(array_agg(distinct named.user_id), '{}')
        from notify.message as message
        cross join jsonb_array_elements_text(coalesce(message.audience -> 'users', '[]')) as named (user_id)
        where message.message_id = %(message_id)s
          and not exists (
            select
            from notify.recipient as known
            where known.message_id = message.message_id
              and known.user_id = named.user_id
          )
    ) as resigned
from notify.recipient as recipient
where recipient.message_id = %(message_id)s
