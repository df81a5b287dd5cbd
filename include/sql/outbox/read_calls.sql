-- Calls (delivery_ids) with the content of their message, how often they were taken back in vain, and whether an attempt at them could
-- have reached people a second time.
select
    delivery.delivery_id,
    delivery.key,
    delivery.to_all,
    delivery.department_ids,
    delivery.people,
    delivery.priority,
    delivery.state,
    delivery.platform_id,
    delivery.attempts,
    delivery.first_called_at,
    delivery.sent_at,
    delivery.results_asked,
    message.kind,
    message.title,
    message.body,
    message.url,
    message.due_at,
    (
        select count(*)
        from notify.attempt
        where attempt.delivery_id = delivery.delivery_id
          and attempt.action = 'recall'
    ) as recalls,
    exists (
        select
        from notify.attempt
        where attempt.delivery_id = delivery.delivery_id
          and attempt.could_repeat
    ) as could_have_repeated
from notify.delivery as delivery
join notify.message as message
  on message.message_id = delivery.message_id
where delivery.delivery_id = any (%(delivery_ids)s)
