-- Where the snapshots are that a tenant's history is made of, read from one platform; the newest first. One that is to be loaded again, since
-- the warehouse was lost, is among them; one that only landed, or was rejected or taken out, is not.
select uri
from ops.snapshot
where tenant_id = %(tenant_id)s
  and platform = %(platform)s
  and (state = 'loaded' or is_due)
  and (company is null or %(company)s in (company ->> 'id', company ->> 'app_key'))
  and removed_at is null
order by taken_at desc
