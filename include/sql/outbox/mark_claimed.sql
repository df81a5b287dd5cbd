-- Messages (message_ids) whose calls are made: says so, and which calls carry them. A second run changes nothing but the time.
with carried as (
    insert into notify.delivery_message (
        delivery_id,
        message_id
    )
    select distinct
        delivery_id,
        message_id
    from notify.recipient
    where message_id = any (%(message_ids)s)
      and delivery_id is not null
    union
    select
        delivery_id,
        message_id
    from notify.delivery
    where message_id = any (%(message_ids)s)
    on conflict do nothing
)
update notify.message
set state = 'claimed',
    reason = 'its calls are planned; they are made by the DAG org_notify or `orgsync push`',
    is_settled = false,
    claimed_at = %(now)s
where message_id = any (%(message_ids)s)
