-- The plan of the newest loaded snapshot of everybody in a tenant (tenant_id), and when that was taken.
select
    snapshot.plan_id,
    snapshot.taken_at
from ops.snapshot
where snapshot.tenant_id = %(tenant_id)s
  and snapshot.state = 'loaded'
  and snapshot.mode <> 'targeted'
order by snapshot.taken_at desc
limit 1
