-- Adds what one step of a run found out. Nulls leave what is known. Harmless when run again: the last word stays.
update ops.sync_run
set step_seconds = step_seconds || %(step_seconds)s,
    counts = counts || %(counts)s,
    calls = calls || %(calls)s,
    mode = coalesce(%(mode)s, mode),
    method = coalesce(%(method)s, method),
    snapshot_id = coalesce(%(snapshot_id)s, snapshot_id),
    plan_id = coalesce(%(plan_id)s, plan_id),
    warnings = warnings || array(
        select warning
        from unnest(%(warnings)s::text[]) as warning
        where warning <> all (sync_run.warnings)
    )
where tenant_id = %(tenant_id)s
  and run_id = %(run_id)s
