-- Makes a plan's reading the one its snapshot is loaded with. Harmless when run again.
with applied as (
    update ops.plan
    set state = 'applied',
        summary = %(summary)s,
        applied_at = clock_timestamp()
    where plan_id = %(plan_id)s
    returning plan.*
)
update ops.snapshot
set state = 'loaded',
    counts = applied.staged_counts,
    withheld_fields = applied.withheld_fields,
    department_unobserved = applied.department_unobserved,
    user_unobserved = applied.user_unobserved,
    membership_unobserved = applied.membership_unobserved,
    plan_id = applied.plan_id,
    loaded_at = applied.applied_at
from applied
where snapshot.snapshot_id = applied.snapshot_id
