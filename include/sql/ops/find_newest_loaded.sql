-- The newest snapshot that is part of history, and what was found out about it when it was loaded; no row where none is.
select
    snapshot.snapshot_id,
    snapshot.uri,
    snapshot.taken_at,
    snapshot.is_complete,
    snapshot.sees_whole,
    snapshot.is_stale,
    plan.plan_id,
    plan.judged_by,
    plan.report,
    plan.over_budget,
    plan.timeline_rows
from ops.snapshot
join ops.plan using (plan_id)
where snapshot.tenant_id = %(tenant_id)s
  and snapshot.state = 'loaded'
order by snapshot.taken_at desc
limit 1
