-- A run (run_id) of a tenant (tenant_id), its plan and its snapshot; of a long visible range the first ids (shown, a path such as `$[0 to 9]`).
select
    run.run_id,
    run.run_type,
    run.platform,
    run.mode,
    run.method,
    run.outcome,
    run.counts,
    run.step_seconds,
    run.calls,
    run.error,
    run.warnings,
    run.started_at,
    run.finished_at,
    run.plan_id,
    plan.state as plan_state,
    plan.is_approved,
    plan.over_budget,
    coalesce(plan.summary, '{}') as changes,
    coalesce(plan.withheld_fields, '{}') as withheld_fields,
    snapshot.snapshot_id,
    snapshot.state as snapshot_state,
    snapshot.taken_at,
    snapshot.is_complete,
    snapshot.problems,
    snapshot.sees_whole,
    snapshot.decided_by,
    snapshot.decided_at,
    snapshot.removed_at,
    snapshot.company ->> 'id' as company_id,
    snapshot.company_accepted_by,
    (
        select jsonb_object_agg(
            part.name,
            jsonb_build_object('count', jsonb_array_length(part.ids), 'first', jsonb_path_query_array(part.ids, %(shown)s::jsonpath))
        )
        from jsonb_each(snapshot.visible_range) as part (name, ids)
    ) as visible_range
from ops.sync_run as run
left join ops.plan on plan.plan_id = run.plan_id
left join ops.snapshot on snapshot.snapshot_id = coalesce(run.snapshot_id, plan.snapshot_id)
where run.tenant_id = %(tenant_id)s
  and run.run_id = %(run_id)s
