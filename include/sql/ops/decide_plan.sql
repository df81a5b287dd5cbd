-- Records who approved or rejected a plan. The snapshot of a rejected one is never loaded. Only a plan that waits can be decided.
with decided as (
    update ops.plan
    set is_approved = %(is_approved)s,
        decided_by = %(decided_by)s,
        decided_at = clock_timestamp(),
        state = case when %(is_approved)s then state else 'rejected' end
    where plan_id = %(plan_id)s
      and state = 'planned'
    returning plan_id, snapshot_id
),
rejected as (
    update ops.snapshot
    set state = 'rejected',
        is_due = false,
        decided_by = %(decided_by)s
    from decided
    where snapshot.snapshot_id = decided.snapshot_id
      and snapshot.state = 'landed'
      and not %(is_approved)s
)
select plan_id
from decided
