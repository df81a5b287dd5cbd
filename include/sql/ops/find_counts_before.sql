-- The counts of the latest loaded snapshot of everybody before an instant; no row if there is none.
select counts
from ops.snapshot
where tenant_id = %(tenant_id)s
  and state = 'loaded'
  and mode <> 'targeted'
  and taken_at < %(taken_at)s
order by taken_at desc
limit 1
