-- Opens the plan that takes a snapshot (%(snapshot_id)s) out of history: it reads nothing, about what the snapshot spoke of.
insert into ops.plan (
    tenant_id,
    snapshot_id,
    taken_at,
    is_retraction,
    department_unobserved,
    user_unobserved,
    membership_unobserved
)
select
    tenant_id,
    snapshot_id,
    taken_at,
    true,
    department_unobserved,
    user_unobserved,
    membership_unobserved
from ops.snapshot
where snapshot_id = %(snapshot_id)s
returning plan_id
