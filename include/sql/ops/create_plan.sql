-- Opens a plan: one reading of one snapshot, with what it found and what it is silent about.
insert into ops.plan (
    tenant_id,
    snapshot_id,
    taken_at,
    staged_counts,
    withheld_fields,
    department_unobserved,
    user_unobserved,
    membership_unobserved,
    judged_by,
    report
)
select
    snapshot.tenant_id,
    snapshot.snapshot_id,
    snapshot.taken_at,
    %(staged_counts)s,
    %(withheld_fields)s,
    %(department_unobserved)s,
    %(user_unobserved)s,
    %(membership_unobserved)s,
    %(judged_by)s,
    %(report)s
from ops.snapshot
where snapshot.snapshot_id = %(snapshot_id)s
returning plan_id
