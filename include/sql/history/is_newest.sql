-- Whether a plan is of a snapshot that is later than all of history, which then needs no time lines.
-- %(plan_id)s: a plan that was placed.
select
    snapshot.state <> 'loaded'
        and not plan.is_retraction
        and not exists (
            select from ops.snapshot as later
            where later.tenant_id = plan.tenant_id
              and later.taken_at > plan.taken_at
              and later.state = 'loaded'
        ) as is_newest
from ops.plan
join ops.snapshot using (snapshot_id)
where plan.plan_id = %(plan_id)s
