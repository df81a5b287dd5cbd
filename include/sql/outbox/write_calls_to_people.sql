-- Makes the calls that name the people whom messages (message_ids; the first, message_id, gives the content) have to reach, so many
-- (people_per_call) in each. Who has had as many as allowed in a minute or a day (per_minute, per_day; 0: no limit) is in a call that
-- waits until it is over; calls before since_delivery_id are too old to count. Runs once, in the transaction that claims the messages.
with slotted as materialized (
    select
        waiting.message_id,
        waiting.user_id,
        greatest(
            %(now)s,
            had.called_at[%(per_minute)s] + interval '1 minute',
            had.called_at[%(per_day)s] + interval '1 day'
        ) as starts_at
    from notify.recipient as waiting
    -- When this person's calls were or will be made, the newest first: nothing where no limit is looked at. Person by person, from what that
    -- person had to its call, in this order: offset 0 keeps the planner from another.
    left join lateral (
        select array_agg(earlier.called_at order by earlier.called_at desc) as called_at
        from (
            select recipient.delivery_id
            from notify.recipient
            where greatest(%(per_minute)s::integer, %(per_day)s::integer) > 0
              and recipient.user_id = waiting.user_id
              and recipient.delivery_id >= %(since_delivery_id)s
            offset 0
        ) as carried
        cross join lateral (
            select coalesce(delivery.first_called_at, delivery.next_attempt_at) as called_at
            from notify.delivery
            where delivery.delivery_id = carried.delivery_id
              and delivery.tenant_id = %(tenant_id)s
            offset 0
        ) as earlier
    ) as had on true
    where waiting.message_id = any (%(message_ids)s)
      and waiting.state = 'pending'
      and waiting.delivery_id is null
), numbered as (
    select
        message_id,
        user_id,
        starts_at,
        (dense_rank() over (partition by starts_at order by user_id) - 1) / %(people_per_call)s as number
    from slotted
), placed as materialized (
    select
        message_id,
        user_id,
        starts_at,
        dense_rank() over (order by starts_at, number) as call
    from numbered
), piece as materialized (
    select
        call,
        starts_at,
        people,
        nextval('notify.delivery_delivery_id_seq') as delivery_id
    from (
        select
            call,
            starts_at,
            count(distinct user_id) as people
        from placed
        group by
            call,
            starts_at
        order by call
    ) as filled
), made as (
    insert into notify.delivery (
        delivery_id,
        tenant_id,
        message_id,
        people,
        priority,
        not_before,
        next_attempt_at,
        reason
    )
    select
        delivery_id,
        %(tenant_id)s,
        %(message_id)s,
        people,
        %(priority)s,
        nullif(starts_at, %(now)s),
        starts_at,
        case when starts_at > %(now)s then 'its people have had as many messages as the platform allows a person for now' end
    from piece
)
-- The rows were written a moment ago, so the planner knows nothing of them: joined by their key alone, and the calls looked up in a list, there
-- is nothing that it could join row by row.
update notify.recipient
set delivery_id = (select array_agg(piece.delivery_id order by piece.call) from piece)[placed.call]
from placed
where recipient.message_id = placed.message_id
  and recipient.user_id = placed.user_id
