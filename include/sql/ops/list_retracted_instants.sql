-- When the retracted snapshots of a tenant were taken.
select taken_at
from ops.snapshot
where tenant_id = %(tenant_id)s
  and state = 'retracted'
