-- The plans of a tenant (tenant_id) that live syncs applied since an instant (since), whose changes were not told, in the order of their
-- snapshots. The first snapshot of all tells nothing: everybody has joined in it. Replays name no plan in their run.
select
    plan.plan_id,
    plan.tenant_id,
    plan.taken_at
from ops.sync_run as run
join ops.plan as plan
  on plan.plan_id = run.plan_id
where run.tenant_id = %(tenant_id)s
  and run.outcome = 'succeeded'
  and run.run_type <> 'backfill'
  and run.finished_at > %(since)s
  and plan.state = 'applied'
  and exists (
    select
    from ops.snapshot as earlier
    where earlier.tenant_id = plan.tenant_id
      and earlier.state = 'loaded'
      and earlier.taken_at < plan.taken_at
  )
  and not exists (
    select
    from notify.announced_plan as announced
    where announced.plan_id = plan.plan_id
  )
order by plan.taken_at
