-- Stores what a plan changes in counts, a hash over all its changes (what they are called is not part of that), and the budgets it exceeds.
-- What was decided about it before holds only if it changes the same. Harmless when run again.
with changes as (
    select
        md5(coalesce(string_agg(change.digest, '' order by change.digest), '')) as digest
    from (
        select md5(row(plan_id, kind, entity, user_id, department_id, column_name, value_from, value_to)::text) as digest
        from ops.plan_change
        where plan_id = %(plan_id)s
    ) as change
)
update ops.plan
set summary = %(summary)s,
    over_budget = %(over_budget)s,
    is_approved = case when plan.digest = changes.digest then plan.is_approved end,
    digest = changes.digest
from changes
where plan.plan_id = %(plan_id)s
