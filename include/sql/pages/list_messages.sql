-- Messages of a tenant (tenant_id), the newest first: those in a state (state, or null for all) before one (before, a message's number, or null),
-- so many (most); with their recipients by state, of which so many (most_counted) are looked at.
with listed as materialized (
    select
        message.message_id,
        message.kind,
        message.action,
        message.of_message_id,
        message.state,
        left(message.reason, 300) as reason,
        message.source,
        message.enqueued_by,
        message.created_at,
        message.not_before
    from notify.message
    where message.tenant_id = %(tenant_id)s
      and (%(state)s::text is null or message.state = %(state)s)
      and (%(before)s::bigint is null or message.message_id < %(before)s)
    order by message.message_id desc
    limit %(most)s
)
select
    listed.*,
    counted.recipients
from listed
left join lateral (
    select coalesce(jsonb_object_agg(grouped.state, grouped.people), '{}') as recipients
    from (
        select
            looked.state,
            count(*) as people
        from (
            -- By the key: the planner would rather read the whole table until it has found so many.
            select recipient.state
            from notify.recipient
            where recipient.message_id = listed.message_id
            order by recipient.user_id
            limit %(most_counted)s
        ) as looked
        group by looked.state
    ) as grouped
) as counted on true
order by listed.message_id desc
