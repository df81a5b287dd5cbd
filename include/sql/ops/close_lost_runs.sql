-- Closes a tenant's runs that began before %(before)s and never said how they ended; one whose plan waits for a decision is not lost.
-- One whose plan is part of history ended well: it was cut off after its merge.
-- Harmless when run again, and for a run that goes on after all: its next step opens it anew.
with merged as (
    select plan_id
    from ops.plan
    where tenant_id = %(tenant_id)s
      and state = 'applied'
)
update ops.sync_run as run
set outcome = case when run.plan_id in (select plan_id from merged) then 'succeeded' else 'failed' end,
    error = case when run.plan_id in (select plan_id from merged) then null else 'its process ended without a word' end,
    finished_at = clock_timestamp()
where run.tenant_id = %(tenant_id)s
  and run.outcome = 'running'
  and run.started_at < %(before)s
  and not exists (
    select from ops.plan
    where plan.plan_id = run.plan_id
      and plan.state = 'planned'
      and plan.over_budget <> '[]'
      and plan.is_approved is null
)
