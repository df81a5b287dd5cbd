-- Lets messages (message_ids) wait until an instant (until), and says why (reason). A second run changes nothing.
update notify.message
set next_attempt_at = %(until)s,
    reason = %(reason)s
where message_id = any (%(message_ids)s)
