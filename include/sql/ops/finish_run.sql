-- Closes the row of a run with its outcome, and the error if it failed or was stopped.
update ops.sync_run
set outcome = %(outcome)s,
    error = %(error)s,
    finished_at = clock_timestamp()
where tenant_id = %(tenant_id)s
  and run_id = %(run_id)s
