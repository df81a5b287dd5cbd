-- When the tenant was last read in full until an instant (%(until)s), with the result in history; null if never.
select max(taken_at) as taken_at
from ops.snapshot
where tenant_id = %(tenant_id)s
  and mode = 'full'
  and state = 'loaded'
  and taken_at <= %(until)s
