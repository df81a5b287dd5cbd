-- The tenants of which anything is known.
select snapshot.tenant_id
from ops.snapshot
group by snapshot.tenant_id
union
select run.tenant_id
from ops.sync_run as run
group by run.tenant_id
order by tenant_id
