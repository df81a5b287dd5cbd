-- The tenants that have events which nobody has handled, and when the first and the last of them came. Nothing is written.
select
    tenant_id,
    count(*) as events,
    min(received_at) as first_received_at,
    max(received_at) as last_received_at,
    extract(epoch from clock_timestamp() - min(received_at))::double precision as waits_seconds
from ops.event
where handled_at is null
  and tenant_id = any (%(tenant_ids)s)
group by tenant_id
order by tenant_id
