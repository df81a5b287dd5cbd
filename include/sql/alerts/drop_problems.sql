-- Forgets what has been over for three months, with what was told of it; and runs that were slow that long ago. A second run does nothing.
with gone as (
    delete from ops.slow_run
    where noted_at < now() - interval '90 days'
)
delete from ops.problem
where over_at < now() - interval '90 days'
