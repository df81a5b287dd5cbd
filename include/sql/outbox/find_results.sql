-- The calls of a tenant (tenant_id) whose results are to be asked for now, so many (most_calls), held until the transaction ends; those
-- that another worker has are passed over.
select
    delivery.delivery_id,
    'results' as work
from notify.delivery as delivery
where delivery.tenant_id = %(tenant_id)s
  and delivery.state = 'sent'
  and delivery.results_after <= %(now)s
  and delivery.recall_after is null
  and delivery.lease_until is null
order by
    delivery.results_after,
    delivery.delivery_id
limit %(most_calls)s
for update skip locked
