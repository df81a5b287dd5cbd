-- Finds one plan by its id.
select
    plan_id,
    tenant_id,
    snapshot_id,
    taken_at,
    state,
    staged_counts,
    based_on_plan_id,
    timeline_rows,
    summary
from ops.plan
where plan_id = %(plan_id)s
