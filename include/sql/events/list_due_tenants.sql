-- Of each tenant that has events for which a read may be made now: how many, for how many seconds the oldest waits, and when the newest came.
-- Nothing is written.
select
    tenant_id,
    count(*) as events,
    extract(epoch from clock_timestamp() - min(received_at))::double precision as waits_seconds,
    max(received_at) as newest_at
from ops.event_due
group by tenant_id
order by tenant_id
