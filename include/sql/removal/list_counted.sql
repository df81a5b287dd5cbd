-- The loaded snapshots in which a person (tenant_id, user_id) counts as of their versions.
select snapshot.snapshot_id
from ops.snapshot
where snapshot.tenant_id = %(tenant_id)s
  and snapshot.state = 'loaded'
  and snapshot.removed_at is null
  and exists (
    select
    from org.user_version as version
    where version.tenant_id = snapshot.tenant_id
      and version.user_id = %(user_id)s
      and version.valid_from <= snapshot.taken_at
      and (version.valid_to is null or version.valid_to > snapshot.taken_at)
)
order by snapshot.snapshot_id
