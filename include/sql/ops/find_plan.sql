-- Finds one plan by its id.
select
    plan.plan_id,
    plan.tenant_id,
    plan.snapshot_id,
    plan.taken_at,
    plan.state,
    plan.is_retraction,
    plan.staged_counts,
    plan.withheld_fields,
    plan.unseen_counts,
    plan.based_on_plan_id,
    plan.timeline_rows,
    plan.summary,
    plan.over_budget,
    plan.is_approved,
    plan.decided_by,
    plan.decided_at,
    plan.created_at,
    snapshot.state as snapshot_state,
    snapshot.decided_by as snapshot_decided_by,
    snapshot.problems,
    snapshot.company,
    snapshot.company_accepted_by
from ops.plan
join ops.snapshot using (snapshot_id)
where plan.plan_id = %(plan_id)s
