-- The calls of a tenant (tenant_id) that are to be taken back now, so many (most_calls), held until the transaction ends; those that
-- another worker has are passed over.
select
    delivery.delivery_id,
    'recall' as work
from notify.delivery as delivery
where delivery.tenant_id = %(tenant_id)s
  and delivery.state in ('sent', 'recall_failed', 'too_late')
  and delivery.recall_after <= %(now)s
  and delivery.lease_until is null
order by
    delivery.recall_after,
    delivery.delivery_id
limit %(most_calls)s
for update skip locked
