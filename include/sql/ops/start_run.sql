-- Opens the row of one sync run. Run again for the same run (a retry, a cleared task) it starts over.
insert into ops.sync_run (tenant_id, run_id, platform, run_type)
values (%(tenant_id)s, %(run_id)s, %(platform)s, %(run_type)s)
on conflict (tenant_id, run_id) do update
set outcome = 'running',
    error = null,
    finished_at = null
