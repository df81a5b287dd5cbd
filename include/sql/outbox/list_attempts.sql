-- Every attempt at the calls of a message (message_id), in order. What is no send (a recall, a question, a change of a todo) is about the
-- people whom its call, or the call that made the todo, reached.
select
    attempt.attempt_id,
    attempt.delivery_id,
    attempt.action,
    attempt.outcome,
    case when attempt.action = 'send' then attempt.people else coalesce(made.people, delivery.people) end as people,
    case when attempt.action = 'send' then attempt.to_all else coalesce(made.to_all, delivery.to_all) end as to_all,
    attempt.platform_id,
    attempt.code,
    attempt.reason,
    attempt.could_repeat,
    attempt.started_at,
    attempt.finished_at
from notify.delivery_message as carried
join notify.attempt as attempt
  on attempt.delivery_id = carried.delivery_id
join notify.delivery as delivery
  on delivery.delivery_id = carried.delivery_id
left join notify.delivery as made
  on made.delivery_id = delivery.of_delivery_id
where carried.message_id = %(message_id)s
order by attempt.attempt_id
