-- Makes the calls that reach messages (message_ids; the first, message_id, gives the content) through departments, so many
-- (departments_per_call) in each. People in none of them are named: in the first call, then so many (people_per_call) in each further one.
-- Runs once, in the transaction that claims the messages.
with covered as materialized (
    select
        call,
        department_id,
        user_id
    from notify.cover(%(tenant_id)s, %(message_ids)s, %(departments_per_call)s)
), located as (
    select
        message_id,
        user_id,
        min(call) over (partition by user_id) as call
    from (
        select
            null as message_id,
            user_id,
            call
        from covered
        where user_id is not null
        union all
        select
            message_id,
            user_id,
            null
        from notify.recipient
        where message_id = any (%(message_ids)s)
          and state = 'pending'
          and delivery_id is null
    ) as known
), numbered as (
    select
        message_id,
        user_id,
        call,
        dense_rank() over (partition by call is null order by user_id) - 1 as number
    from located
    where message_id is not null
), placed as materialized (
    select
        message_id,
        user_id,
        call is null as is_named,
        case
            when call is not null then call
            when number < %(people_per_call)s then 0
            else (select max(call) from covered) + (number / %(people_per_call)s)::integer
        end as call
    from numbered
), piece as materialized (
    select
        call,
        nextval('notify.delivery_delivery_id_seq') as delivery_id
    from (select call from covered union select call from placed order by call) as filled
), made as (
    insert into notify.delivery (
        delivery_id,
        tenant_id,
        message_id,
        department_ids,
        people,
        priority,
        next_attempt_at
    )
    select
        piece.delivery_id,
        %(tenant_id)s,
        %(message_id)s,
        coalesce((select array_agg(distinct covered.department_id order by covered.department_id) from covered where covered.call = piece.call), '{}'),
        (select count(distinct placed.user_id) from placed where placed.call = piece.call),
        %(priority)s,
        %(now)s
    from piece
)
-- As in write_calls_to_people. Calls are numbered from 0 without a gap.
update notify.recipient
set delivery_id = (select array_agg(piece.delivery_id order by piece.call) from piece)[placed.call + 1],
    is_named = placed.is_named
from placed
where recipient.message_id = placed.message_id
  and recipient.user_id = placed.user_id
