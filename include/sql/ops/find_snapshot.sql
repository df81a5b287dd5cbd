-- Finds one snapshot by its id.
select
    snapshot_id,
    tenant_id,
    platform,
    mode,
    taken_at,
    uri,
    state,
    plan_id,
    decided_at,
    decided_by,
    counts,
    withheld_fields,
    is_complete,
    problems,
    sees_whole,
    is_stale,
    is_due,
    decided_at,
    company,
    company_accepted_at
from ops.snapshot
where snapshot_id = %(snapshot_id)s
