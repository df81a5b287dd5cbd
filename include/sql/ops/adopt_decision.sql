-- Takes over what was decided about a snapshot as the landing zone says, where that is later than what is known here.
-- One that was part of history becomes due, to be loaded by a rebuild; one that is part of it now is only taken out by a retraction.
-- Harmless when run again.
update ops.snapshot
set state = case
        when snapshot.state = 'loaded' then 'loaded'
        when %(state)s = 'loaded' then 'landed'
        else %(state)s
    end,
    is_due = %(state)s = 'loaded',
    is_complete = %(is_complete)s,
    problems = %(problems)s,
    decided_at = %(decided_at)s,
    decided_by = %(decided_by)s,
    company_accepted_at = %(company_accepted_at)s,
    company_accepted_by = %(company_accepted_by)s,
    approved_budgets = %(approved_budgets)s,
    noted_at = %(decided_at)s
where snapshot_id = %(snapshot_id)s
  and (decided_at is null or decided_at < %(decided_at)s)
  and (snapshot.state <> 'loaded' or %(state)s = 'loaded')
