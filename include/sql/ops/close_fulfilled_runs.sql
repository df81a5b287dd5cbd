-- Closes the runs that waited for a decision about a plan which another run, %(run_id)s, has applied. Harmless when run again.
update ops.sync_run
set outcome = 'succeeded',
    error = null,
    finished_at = clock_timestamp()
where tenant_id = %(tenant_id)s
  and plan_id = %(plan_id)s
  and run_id <> %(run_id)s
  and outcome = 'running'
