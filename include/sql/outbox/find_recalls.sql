-- The calls of a tenant (tenant_id) that are to be taken back now, so many (most_calls), held until the transaction ends; those that
-- another worker has are passed over.
select
    delivery.delivery_id,
    'recall' as work,
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
    exists (
        select from notify.attempt where attempt.delivery_id = delivery.delivery_id and attempt.could_repeat
    ) as could_have_repeated,
    (
        select count(*) from notify.attempt where attempt.delivery_id = delivery.delivery_id and attempt.action = 'recall'
    ) as recalls
from notify.delivery as delivery
join notify.message as message
  on message.message_id = delivery.message_id
where delivery.tenant_id = %(tenant_id)s
  and delivery.state in ('sent', 'recall_failed', 'too_late')
  and delivery.recall_after <= %(now)s
  and delivery.lease_until is null
order by
    delivery.recall_after,
    delivery.delivery_id
limit %(most_calls)s
for update of delivery skip locked
