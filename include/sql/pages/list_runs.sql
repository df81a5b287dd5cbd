-- Runs of a tenant (tenant_id), newest first: so many (most), of those before one (before, its id), or from the newest if null.
select
    run.run_id,
    run.run_type,
    run.mode,
    run.method,
    run.outcome,
    run.started_at,
    run.finished_at,
    run.step_seconds,
    run.calls,
    run.error,
    run.warnings,
    run.plan_id,
    run.counts,
    coalesce(plan.summary, '{}') as changes
from ops.sync_run as run
left join ops.plan on plan.plan_id = run.plan_id
where run.tenant_id = %(tenant_id)s
  and (
    %(before)s::text is null
    or (
        run.started_at <= (
            select earlier.started_at
            from ops.sync_run as earlier
            where earlier.tenant_id = %(tenant_id)s
              and earlier.run_id = %(before)s
        )
        and (run.started_at, run.run_id) < (
            select
                earlier.started_at,
                earlier.run_id
            from ops.sync_run as earlier
            where earlier.tenant_id = %(tenant_id)s
              and earlier.run_id = %(before)s
        )
    )
  )
order by
    run.started_at desc,
    run.run_id desc
limit %(most)s
