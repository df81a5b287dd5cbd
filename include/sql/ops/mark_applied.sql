-- Makes a plan's reading the one its snapshot is loaded with. If it changed history, the later snapshots that did not see the
-- whole organization have to be judged anew: what is out of their sight depends on what was there before.
-- Harmless when run again.
with applied as (
    update ops.plan
    set state = 'applied',
        applied_at = clock_timestamp()
    where plan_id = %(plan_id)s
    returning plan.*
),
stale as (
    update ops.snapshot
    set is_stale = true
    from applied
    where %(history_rows)s > 0
      and snapshot.tenant_id = applied.tenant_id
      and snapshot.taken_at > applied.taken_at
      and snapshot.state = 'loaded'
      and not (snapshot.sees_whole and snapshot.is_complete)
      and snapshot.mode <> 'targeted'
)
update ops.snapshot
set state = 'loaded',
    counts = applied.staged_counts,
    withheld_fields = applied.withheld_fields,
    department_unobserved = applied.department_unobserved,
    user_unobserved = applied.user_unobserved,
    membership_unobserved = applied.membership_unobserved,
    plan_id = applied.plan_id,
    is_stale = false,
    is_due = false,
    approved_budgets = case
        when applied.is_approved then array(select distinct exceeded.value ->> 'budget' from jsonb_array_elements(applied.over_budget) as exceeded)
        else snapshot.approved_budgets
    end,
    decided_by = case when applied.is_approved then applied.decided_by else snapshot.decided_by end,
    loaded_at = applied.applied_at
from applied
where snapshot.snapshot_id = applied.snapshot_id
