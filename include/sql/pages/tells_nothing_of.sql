-- Whether the load of the snapshot that a tenant (tenant_id) has at an instant (changed_at) surely changed nothing of an entity (entity) in one of some
-- ways (kinds). Its plan says so where it came in the order of time, and nothing of that time or before it was loaded, or taken out, since.
select exists (
    select from ops.snapshot
    join ops.plan on plan.plan_id = snapshot.plan_id
    where snapshot.tenant_id = %(tenant_id)s
      and snapshot.taken_at = %(changed_at)s::timestamptz
      and snapshot.state = 'loaded'
      and plan.state = 'applied'
      and plan.next_at = 'infinity'
      and not (plan.summary -> %(entity)s::text) ?| %(kinds)s::text[]
      and not exists (
        select from ops.plan as other
        where other.tenant_id = plan.tenant_id
          and other.taken_at <= plan.taken_at
          and (other.applied_at > plan.applied_at or other.snapshot_id = plan.snapshot_id)
          and other.state = 'applied'
          and other.plan_id <> plan.plan_id
      )
) as is_so
