-- Stores what a plan changes in counts, a hash over all its changes, and the budgets it exceeds.
-- What was decided about it before holds only if it changes the same. Harmless when run again.
with changes as (
    select
        md5(coalesce(string_agg(md5(change::text), '' order by md5(change::text)), '')) as digest
    from ops.plan_change as change
    where change.plan_id = %(plan_id)s
)
update ops.plan
set summary = %(summary)s,
    over_budget = %(over_budget)s,
    is_approved = case when plan.digest = changes.digest then plan.is_approved end,
    digest = changes.digest
from changes
where plan.plan_id = %(plan_id)s
