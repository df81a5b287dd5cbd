-- What is known of messages (message_ids) whose state is to be worked out anew: their calls and, where none is open, their recipients, counted
-- by state; and one reason.
select
    message.message_id,
    coalesce(delivery.counts, '{}') as deliveries,
    case when coalesce(delivery.has_open, false) then '{}' else coalesce((
        select jsonb_object_agg(recipient.state, recipient.people)
        from (
            select
                state,
                count(*) as people
            from notify.recipient
            where recipient.message_id = message.message_id
            group by state
        ) as recipient
    ), '{}') end as recipients,
    coalesce(delivery.reason, (
        select recipient.reason
        from notify.recipient as recipient
        where recipient.message_id = message.message_id
          and recipient.state in ('failed', 'unknown')
          and recipient.reason is not null
        limit 1
    )) as reason,
    message.recall_wanted_at is not null as is_recall_wanted,
    message.recall_wanted_at is not null and exists (
        select
        from notify.delivery_message as mine
        join notify.delivery_message as others
          on others.delivery_id = mine.delivery_id
        join notify.message as other
          on other.message_id = others.message_id
        where mine.message_id = message.message_id
          and other.recall_wanted_at is null
    ) as is_shared
from notify.message as message
left join lateral (
    select
        jsonb_object_agg(counted.state, counted.calls) as counts,
        bool_or(counted.state in ('waiting', 'calling', 'unknown')) as has_open,
        max(counted.reason) as reason
    from (
        select
            delivery.state,
            count(*) as calls,
            max(delivery.reason) as reason
        from notify.delivery_message as carried
        join notify.delivery as delivery
          on delivery.delivery_id = carried.delivery_id
        where carried.message_id = message.message_id
        group by delivery.state
    ) as counted
) as delivery on true
where message.message_id = any (%(message_ids)s)
order by message.message_id
