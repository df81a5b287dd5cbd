-- For how many seconds the oldest event waits for which a read may be made now, of each tenant that has one. Nothing is written.
select
    tenant_id,
    extract(epoch from clock_timestamp() - min(received_at))::double precision as waits_seconds
from ops.event_due
group by tenant_id
order by tenant_id
