-- Closes the runs whose plans %(plan_ids)s gave way to what run %(run_id)s does (%(by)s says what), at the moment they do.
-- Harmless when run again.
update ops.sync_run
set outcome = 'stopped',
    error = format('plan %%s was overtaken by %%s; nothing was changed by this run', plan_id, %(by)s::text),
    finished_at = clock_timestamp()
where tenant_id = %(tenant_id)s
  and plan_id = any (%(plan_ids)s::bigint[])
  and run_id <> %(run_id)s
  and outcome = 'running'
