-- Writes down that a run (run_id) of a tenant (tenant_id) has not ended by its deadline. A second run changes nothing.
insert into ops.slow_run (tenant_id, run_id, noted_at)
values (%(tenant_id)s, %(run_id)s, now())
on conflict (tenant_id, run_id) do nothing
