-- Makes the calls that reach messages (message_ids; the first, message_id, gives the content) through departments, so many
-- (departments_per_call) in each. People in none of them are named: in the first call, then so many (people_per_call) in each further one.
-- Runs once, in the transaction that claims the messages.
with covered as materialized (
    select
        call,
        department_id,
        user_id
    from notify.cover(%(tenant_id)s, %(message_ids)s, %(departments_per_call)s)
), waiting as materialized (
    select distinct user_id
    from notify.recipient
    where message_id = any (%(message_ids)s)
      and state = 'pending'
      and delivery_id is null
), reached as (
    select
        user_id,
        min(call) as call
    from covered
    where user_id is not null
    group by user_id
), loose as (
    select
        waiting.user_id,
        row_number() over (order by waiting.user_id) - 1 as number
    from waiting
    where waiting.user_id not in (select user_id from reached)
), placed as materialized (
    select
        reached.user_id,
        reached.call,
        false as is_named
    from reached
    join waiting
      on waiting.user_id = reached.user_id
    union all
    select
        loose.user_id,
        case when loose.number < %(people_per_call)s then 0
            else (select max(call) from covered) + (loose.number / %(people_per_call)s)::integer
        end,
        true
    from loose
), piece as materialized (
    select
        call,
        nextval('notify.delivery_delivery_id_seq') as delivery_id
    from (select call from covered union select call from placed) as call
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
        (select count(*) from placed where placed.call = piece.call),
        %(priority)s,
        %(now)s
    from piece
)
update notify.recipient
set delivery_id = piece.delivery_id,
    is_named = placed.is_named
from placed
join piece
  on piece.call = placed.call
where recipient.message_id = any (%(message_ids)s)
  and recipient.user_id = placed.user_id
  and recipient.state = 'pending'
  and recipient.delivery_id is null
