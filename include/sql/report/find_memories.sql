-- From when on each budget remembers, for a plan at %(taken_at)s: %(per_days)s days back ({"leavers": 7, …}), but not before the tenant's
-- first snapshot, which brings and takes nothing, and not before somebody last approved a plan that exceeded this very budget.
select
    budget.name as budget,
    greatest(
        %(taken_at)s::timestamptz - budget.days::int * interval '1 day',
        (
            select min(snapshot.taken_at)
            from ops.snapshot
            where snapshot.tenant_id = %(tenant_id)s
              and snapshot.state = 'loaded'
        ),
        (
            select max(snapshot.taken_at)
            from ops.snapshot
            where snapshot.tenant_id = %(tenant_id)s
              and snapshot.state = 'loaded'
              and snapshot.taken_at < %(taken_at)s
              and budget.name = any (snapshot.approved_budgets)
        )
    ) as since
from jsonb_each_text(%(per_days)s) as budget (name, days)
