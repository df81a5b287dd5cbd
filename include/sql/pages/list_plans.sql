-- Plans of a tenant (tenant_id), newest first: so many (most), of those before one (before, a plan's number), or from the newest if null.
select
    plan.plan_id,
    plan.taken_at,
    plan.state,
    plan.is_retraction,
    plan.summary,
    plan.over_budget,
    plan.is_approved,
    plan.decided_by,
    plan.decided_at
from ops.plan
where plan.tenant_id = %(tenant_id)s
  and (%(before)s::bigint is null or plan.plan_id < %(before)s)
order by plan.plan_id desc
limit %(most)s
