-- Opens the plan of a snapshot (%(snapshot_id)s) that says just what the one of an applied plan (%(model_id)s) said: nothing is staged for
-- it, and it changes nothing. %(based_on_plan_id)s: the tenant's plan applied last.
insert into ops.plan (
    tenant_id,
    snapshot_id,
    taken_at,
    state,
    staged_counts,
    withheld_fields,
    department_unobserved,
    user_unobserved,
    membership_unobserved,
    judged_by,
    report,
    unseen_counts,
    next_at,
    based_on_plan_id,
    timeline_rows,
    planned_at
)
select
    snapshot.tenant_id,
    snapshot.snapshot_id,
    snapshot.taken_at,
    'planned',
    model.staged_counts,
    model.withheld_fields,
    model.department_unobserved,
    model.user_unobserved,
    model.membership_unobserved,
    model.judged_by,
    model.report,
    model.unseen_counts,
    'infinity',
    %(based_on_plan_id)s,
    0,
    clock_timestamp()
from ops.snapshot
join ops.plan as model on model.plan_id = %(model_id)s
where snapshot.snapshot_id = %(snapshot_id)s
returning plan_id
