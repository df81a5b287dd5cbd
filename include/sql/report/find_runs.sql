-- The latest runs, of one tenant or of all (%(tenant_id)s null), newest first; %(run_id)s picks one.
select
    run.tenant_id,
    run.run_id,
    run.platform,
    run.run_type,
    run.mode,
    run.method,
    run.outcome,
    run.snapshot_id,
    run.plan_id,
    run.counts,
    run.step_seconds,
    run.calls,
    run.error,
    run.started_at,
    run.finished_at,
    coalesce(plan.summary, '{}') as changes,
    coalesce(plan.withheld_fields, '{}') as withheld_fields
from ops.sync_run as run
left join ops.plan using (plan_id)
where (%(tenant_id)s::text is null or run.tenant_id = %(tenant_id)s)
  and (%(run_id)s::text is null or run.run_id = %(run_id)s)
order by run.started_at desc
limit %(limit)s
