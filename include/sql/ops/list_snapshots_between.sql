-- The snapshots of a tenant taken after %(after)s and not later than %(until)s that may be loaded, in the order in which they were taken.
-- Another company's are among them where that is the one that is meant to take over (%(new_company)s, else empty).
select
    snapshot_id,
    uri,
    taken_at,
    state,
    is_complete
from ops.snapshot
where tenant_id = %(tenant_id)s
  and taken_at > %(after)s
  and taken_at <= %(until)s
  and (state in ('landed', 'loaded') or (state = 'foreign' and nullif(%(new_company)s, '') in (company ->> 'id', company ->> 'app_key')))
  and removed_at is null
order by taken_at
