-- Loads the quarantined rows of a plan, one row a broken rule, and the single values that could not be read.
copy ops.quarantine (
    plan_id,
    tenant_id,
    snapshot_id,
    entity,
    user_id,
    department_id,
    column_name,
    rule,
    reason
) from stdin with (format csv, null '')
