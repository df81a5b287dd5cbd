-- Says of a run whose claim ran out, and was taken over, that it ended; unless it said so itself. Harmless when run again.
update ops.sync_run
set outcome = 'failed',
    error = 'its process ended without a word',
    finished_at = clock_timestamp()
where tenant_id = %(tenant_id)s
  and run_id = %(run_id)s
  and outcome = 'running'
