-- Makes the calls that name the people whom messages (message_ids; the first, message_id, gives the content) have to reach, so many
-- (people_per_call) in each. Runs once, in the transaction that claims the messages.
with numbered as (
    select
        message_id,
        user_id,
        (dense_rank() over (order by user_id) - 1) / %(people_per_call)s + 1 as call
    from notify.recipient
    where message_id = any (%(message_ids)s)
      and state = 'pending'
      and delivery_id is null
), placed as materialized (
    select
        message_id,
        user_id,
        call
    from numbered
), piece as materialized (
    select
        call,
        people,
        nextval('notify.delivery_delivery_id_seq') as delivery_id
    from (
        select
            call,
            count(distinct user_id) as people
        from placed
        group by call
        order by call
    ) as filled
), made as (
    insert into notify.delivery (
        delivery_id,
        tenant_id,
        message_id,
        people,
        priority,
        next_attempt_at
    )
    select
        delivery_id,
        %(tenant_id)s,
        %(message_id)s,
        people,
        %(priority)s,
        %(now)s
    from piece
)
-- The rows were written a moment ago, so the planner knows nothing of them: joined by their key alone, and the calls looked up in a list, there
-- is nothing that it could join row by row.
update notify.recipient
set delivery_id = (select array_agg(piece.delivery_id order by piece.call) from piece)[placed.call]
from placed
where recipient.message_id = placed.message_id
  and recipient.user_id = placed.user_id
