-- Every attempt at the calls of a message (message_id), in order.
select
    attempt.attempt_id,
    attempt.delivery_id,
    attempt.action,
    attempt.outcome,
    attempt.people,
    attempt.to_all,
    attempt.platform_id,
    attempt.code,
    attempt.reason,
    attempt.could_repeat,
    attempt.started_at,
    attempt.finished_at
from notify.delivery_message as carried
join notify.attempt as attempt
  on attempt.delivery_id = carried.delivery_id
where carried.message_id = %(message_id)s
order by attempt.attempt_id
