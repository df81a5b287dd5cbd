-- Budgets have a memory, and what a person approved is not held against the days after it.

alter table ops.snapshot
    add column approved_budgets text[] not null default '{}';

comment on column ops.snapshot.approved_budgets is 'The budgets that its plan exceeded when somebody approved it: what it changed is not counted again.';

update ops.snapshot
set approved_budgets = approved.budgets
from (
    select
        plan.snapshot_id,
        array_agg(distinct exceeded.value ->> 'budget') as budgets
    from ops.plan
    cross join jsonb_array_elements(plan.over_budget) as exceeded
    where plan.is_approved
      and plan.state = 'applied'
    group by plan.snapshot_id
) as approved
where approved.snapshot_id = snapshot.snapshot_id;
