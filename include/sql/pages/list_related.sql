-- The messages that have to do with one (message_id): changes of the todo that it made, and equal ones that share its calls, of which so many
-- (most_looked_at) are looked at; so many of each (most).
select
    'changes' as relation,
    changing.message_id,
    changing.action,
    changing.state
from (
    select
        message.message_id,
        message.action,
        message.state
    from notify.message
    where message.of_message_id = %(message_id)s
    order by message.message_id
    limit %(most)s
) as changing

union all

select
    'shares' as relation,
    sharing.message_id,
    message.action,
    message.state
from (
    select distinct looked.message_id
    from (
        select other.message_id
        from (
            select carried.delivery_id
            from notify.delivery_message as carried
            where carried.message_id = %(message_id)s
            limit %(most_looked_at)s
        ) as carried
        -- Call by call, as in sum_calls.
        cross join lateral (
            select shared.message_id
            from notify.delivery_message as shared
            where shared.delivery_id = carried.delivery_id
              and shared.message_id <> %(message_id)s
            offset 0
        ) as other
        limit %(most_looked_at)s
    ) as looked
    order by looked.message_id
    limit %(most)s
) as sharing
join notify.message
  on message.message_id = sharing.message_id
order by
    relation,
    message_id
