-- The calls of a tenant (tenant_id) whose results are to be asked for now, so many (most_calls), held until the transaction ends; those
-- that another worker has are passed over.
select
    delivery.delivery_id,
    'results' as work,
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
    message.due_at
from notify.delivery as delivery
join notify.message as message
  on message.message_id = delivery.message_id
where delivery.tenant_id = %(tenant_id)s
  and delivery.state = 'sent'
  and delivery.results_after <= %(now)s
  and delivery.recall_after is null
  and delivery.lease_until is null
order by
    delivery.results_after,
    delivery.delivery_id
limit %(most_calls)s
for update of delivery skip locked
