-- Whose organization history is of where a snapshot (%(snapshot_id)s) belongs: the nearest loaded one before it, else the nearest after it.
-- No row if none is loaded.
select
    loaded.snapshot_id,
    loaded.taken_at,
    loaded.platform,
    loaded.company
from ops.snapshot as asked
join ops.snapshot as loaded
  on loaded.tenant_id = asked.tenant_id
 and loaded.state = 'loaded'
 and loaded.snapshot_id <> asked.snapshot_id
where asked.snapshot_id = %(snapshot_id)s
order by
    loaded.taken_at < asked.taken_at desc,
    abs(extract(epoch from loaded.taken_at - asked.taken_at))
limit 1
