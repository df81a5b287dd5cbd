-- Ends messages (message_ids) that cannot be sent as they are, with the reason; their recipients too. A second run changes nothing but the time.
with missed as (
    update notify.recipient
    set state = 'failed',
        reason = %(reason)s,
        updated_at = %(now)s
    where message_id = any (%(message_ids)s)
      and state = 'pending'
)
update notify.message
set state = 'failed',
    reason = %(reason)s,
    settled_at = %(now)s
where message_id = any (%(message_ids)s)
