-- A plan (plan_id) of a tenant (tenant_id), its snapshot, and the run that made it: the one that waits for a decision about it, if one does.
select
    plan.plan_id,
    plan.snapshot_id,
    plan.taken_at,
    plan.state,
    plan.is_retraction,
    plan.staged_counts,
    plan.withheld_fields,
    plan.unseen_counts,
    plan.summary,
    plan.over_budget,
    plan.is_approved,
    plan.decided_by,
    plan.decided_at,
    plan.planned_at,
    plan.applied_at,
    snapshot.problems,
    snapshot.company_accepted_by,
    run.run_id,
    run.run_type,
    run.outcome
from ops.plan
join ops.snapshot on snapshot.snapshot_id = plan.snapshot_id
left join lateral (
    select
        sync_run.run_id,
        sync_run.run_type,
        sync_run.outcome
    from ops.sync_run
    where sync_run.plan_id = plan.plan_id
      and sync_run.tenant_id = plan.tenant_id
    order by
        sync_run.outcome = 'running' desc,
        sync_run.started_at desc
    limit 1
) as run on true
where plan.plan_id = %(plan_id)s
  and plan.tenant_id = %(tenant_id)s
