-- Whose organization a tenant's history is of now: its newest loaded snapshot's. No row if none is loaded.
select
    snapshot_id,
    taken_at,
    platform,
    company
from ops.snapshot
where tenant_id = %(tenant_id)s
  and state = 'loaded'
order by taken_at desc
limit 1
