-- Makes two calls of one (delivery_id) that was refused for all its people, so that the one who is not valid does not hold the others.
-- Runs once, in the transaction that records the refusal.
with half as materialized (
    select
        recipient.user_id,
        dense_rank() over (order by recipient.user_id) * 2 > delivery.people + 1 as is_second
    from notify.recipient as recipient
    join notify.delivery as delivery
      on delivery.delivery_id = recipient.delivery_id
    where recipient.delivery_id = %(delivery_id)s
), piece as materialized (
    select
        is_second,
        count(distinct user_id) as people,
        nextval('notify.delivery_delivery_id_seq') as delivery_id
    from half
    group by is_second
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
        piece.delivery_id,
        whole.tenant_id,
        whole.message_id,
        piece.people,
        whole.priority,
        %(now)s
    from notify.delivery as whole
    cross join piece
    where whole.delivery_id = %(delivery_id)s
), carried as (
    insert into notify.delivery_message (
        delivery_id,
        message_id
    )
    select
        piece.delivery_id,
        carried.message_id
    from notify.delivery_message as carried
    cross join piece
    where carried.delivery_id = %(delivery_id)s
), left_behind as (
    delete from notify.delivery_message
    where delivery_id = %(delivery_id)s
)
update notify.recipient
set delivery_id = piece.delivery_id
from half
join piece
  on piece.is_second = half.is_second
where recipient.delivery_id = %(delivery_id)s
  and recipient.user_id = half.user_id
