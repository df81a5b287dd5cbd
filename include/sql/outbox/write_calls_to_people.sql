-- Makes the calls that name the people whom messages (message_ids; the first, message_id, gives the content) have to reach, so many
-- (people_per_call) in each. Who has had as many as allowed in a minute or a day (per_minute, per_day; 0: no limit) is in a call that
-- waits until it is over. Runs once, in the transaction that claims the messages.
with waiting as materialized (
    select distinct user_id
    from notify.recipient
    where message_id = any (%(message_ids)s)
      and state = 'pending'
      and delivery_id is null
), slotted as (
    select
        waiting.user_id,
        greatest(%(now)s, minute.over_at, day.over_at) as starts_at
    from waiting
    left join lateral (
        select coalesce(delivery.first_called_at, delivery.next_attempt_at) + interval '1 minute' as over_at
        from notify.recipient as earlier
        join notify.delivery as delivery
          on delivery.delivery_id = earlier.delivery_id
        where %(per_minute)s > 0
          and earlier.user_id = waiting.user_id
          and delivery.tenant_id = %(tenant_id)s
          and coalesce(delivery.first_called_at, delivery.next_attempt_at) > %(now)s::timestamptz - interval '1 minute'
        order by coalesce(delivery.first_called_at, delivery.next_attempt_at) desc
        offset greatest(%(per_minute)s, 1) - 1
        limit 1
    ) as minute on true
    left join lateral (
        select coalesce(delivery.first_called_at, delivery.next_attempt_at) + interval '1 day' as over_at
        from notify.recipient as earlier
        join notify.delivery as delivery
          on delivery.delivery_id = earlier.delivery_id
        where %(per_day)s > 0
          and earlier.user_id = waiting.user_id
          and delivery.tenant_id = %(tenant_id)s
          and coalesce(delivery.first_called_at, delivery.next_attempt_at) > %(now)s::timestamptz - interval '1 day'
        order by coalesce(delivery.first_called_at, delivery.next_attempt_at) desc
        offset greatest(%(per_day)s, 1) - 1
        limit 1
    ) as day on true
), placed as materialized (
    select
        user_id,
        starts_at,
        (row_number() over (partition by starts_at order by user_id) - 1) / %(people_per_call)s as number
    from slotted
), piece as materialized (
    select
        starts_at,
        number,
        people,
        nextval('notify.delivery_delivery_id_seq') as delivery_id
    from (
        select
            starts_at,
            number,
            count(*) as people
        from placed
        group by
            starts_at,
            number
        order by
            starts_at,
            number
    ) as call
), made as (
    insert into notify.delivery (
        delivery_id,
        tenant_id,
        message_id,
        people,
        priority,
        next_attempt_at,
        reason
    )
    select
        delivery_id,
        %(tenant_id)s,
        %(message_id)s,
        people,
        %(priority)s,
        starts_at,
        case when starts_at > %(now)s then 'its people have had as many messages as the platform allows a person for now' end
    from piece
)
update notify.recipient
set delivery_id = piece.delivery_id
from placed
join piece
  on piece.starts_at = placed.starts_at
 and piece.number = placed.number
where recipient.message_id = any (%(message_ids)s)
  and recipient.user_id = placed.user_id
  and recipient.state = 'pending'
  and recipient.delivery_id is null
