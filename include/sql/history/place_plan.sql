-- Finds how far what a plan's snapshot says reaches: to the next loaded snapshot that speaks of everybody. For keys that a targeted one
-- between them speaks of, bound_affected says how far.
-- %(plan_id)s. Harmless when run again.

update ops.plan
set next_at = coalesce(
    (
        select min(snapshot.taken_at)
        from ops.snapshot
        where snapshot.tenant_id = plan.tenant_id
          and snapshot.taken_at > plan.taken_at
          and snapshot.state = 'loaded'
          and snapshot.mode <> 'targeted'
    ),
    'infinity'
)
where plan.plan_id = %(plan_id)s
