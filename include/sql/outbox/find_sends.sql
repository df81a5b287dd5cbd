-- The most urgent calls of a tenant (tenant_id) that are to be made now, so many (most_calls), held until the transaction ends; those that
-- another worker has are passed over. A change of a todo waits for the one before it.
select
    delivery.delivery_id,
    delivery.action as work
from notify.delivery as delivery
where delivery.tenant_id = %(tenant_id)s
  and delivery.state in ('waiting', 'unknown')
  and delivery.next_attempt_at <= %(now)s
  and delivery.recall_after is null
  and not exists (
    select
    from notify.delivery as earlier
    where earlier.of_delivery_id = delivery.of_delivery_id
      and earlier.delivery_id < delivery.delivery_id
      and earlier.state in ('waiting', 'calling', 'unknown')
  )
order by
    delivery.priority desc,
    delivery.next_attempt_at,
    delivery.delivery_id
limit %(most_calls)s
for update skip locked
