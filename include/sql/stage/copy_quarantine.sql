-- Loads the quarantined rows of a plan, one row a broken rule.
copy ops.quarantine (
    plan_id,
    tenant_id,
    snapshot_id,
    entity,
    user_id,
    department_id,
    rule,
    reason
) from stdin with (format csv, null '')
