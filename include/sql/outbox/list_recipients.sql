-- The recipients of a message (message_id) who did not get it, or of whom that is not known; so many (most_recipients).
select
    user_id,
    state,
    reason,
    updated_at
from notify.recipient
where message_id = %(message_id)s
  and state in ('failed', 'unknown', 'pending', 'recall_failed')
order by
    state,
    user_id
limit %(most_recipients)s
