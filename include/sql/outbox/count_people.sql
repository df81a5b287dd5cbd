-- How many people there are whom messages (message_ids) have to reach still.
select count(distinct user_id) as people
from notify.recipient
where message_id = any (%(message_ids)s)
  and state = 'pending'
  and delivery_id is null
