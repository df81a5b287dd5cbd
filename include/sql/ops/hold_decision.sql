-- What was decided about a snapshot and is not noted yet, held until the transaction ends: nothing else is decided or noted meanwhile.
select
    snapshot_id,
    uri,
    case when is_due then 'loaded' else state end as state,
    is_complete,
    problems,
    decided_at,
    decided_by,
    company_accepted_at,
    company_accepted_by,
    approved_budgets
from ops.snapshot
where snapshot_id = %(snapshot_id)s
  and decided_at is distinct from noted_at
  and removed_at is null
for update
