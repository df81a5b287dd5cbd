-- Records that the tenant's history may go on with the company of a snapshot, and who said so. Harmless when run again: the first word stays.
update ops.snapshot
set state = case state when 'foreign' then 'landed' else state end,
    company_accepted_at = coalesce(company_accepted_at, clock_timestamp()),
    company_accepted_by = coalesce(company_accepted_by, %(accepted_by)s)
where snapshot_id = %(snapshot_id)s
