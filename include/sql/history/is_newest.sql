-- Whether a plan is of a snapshot that is later than all of history, which then needs no time lines.
-- %(plan_id)s: a plan that was placed.
select
    plan.next_at = 'infinity' and snapshot.state <> 'loaded' and not plan.is_retraction as is_newest
from ops.plan
join ops.snapshot using (snapshot_id)
where plan.plan_id = %(plan_id)s
