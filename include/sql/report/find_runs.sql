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
    run.warnings,
    run.started_at,
    run.finished_at,
    coalesce(plan.summary, '{}') as changes,
    coalesce(plan.withheld_fields, '{}') as withheld_fields,
    -- Since when each of them has been withheld without a break, by the loaded snapshots.
    coalesce(
        (
            select jsonb_object_agg(
                field.name,
                (
                    select min(snapshot.taken_at)
                    from ops.snapshot
                    where snapshot.tenant_id = run.tenant_id
                      and snapshot.state = 'loaded'
                      and snapshot.taken_at <= plan.taken_at
                      and field.name = any (snapshot.withheld_fields)
                      and not exists (
                        select from ops.snapshot as shown
                        where shown.tenant_id = run.tenant_id
                          and shown.state = 'loaded'
                          and shown.taken_at between snapshot.taken_at and plan.taken_at
                          and field.name <> all (shown.withheld_fields)
                      )
                )
            )
            from unnest(plan.withheld_fields) as field (name)
        ),
        '{}'
    ) as withheld_since
from ops.sync_run as run
left join ops.plan using (plan_id)
where (%(tenant_id)s::text is null or run.tenant_id = %(tenant_id)s)
  and (%(run_id)s::text is null or run.run_id = %(run_id)s)
order by run.started_at desc
limit %(limit)s
