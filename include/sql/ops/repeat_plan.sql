-- Opens the plan of a snapshot (%(snapshot_id)s) that says just what the one of an applied plan (%(model_id)s) said: nothing is staged for
-- it, and it changes nothing.
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
    (
        select last.plan_id
        from ops.plan as last
        where last.tenant_id = snapshot.tenant_id
          and last.state = 'applied'
        order by last.applied_at desc
        limit 1
    ),
    0,
    clock_timestamp()
from ops.snapshot
join ops.plan as model on model.plan_id = %(model_id)s
where snapshot.snapshot_id = %(snapshot_id)s
returning plan_id
