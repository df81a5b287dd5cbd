-- How many people some departments (department_ids) of a tenant (tenant_id) had at an instant (at): of their own, and with all below.
select
    wanted.department_id,
    coalesce(sum(change.own), 0) as own,
    coalesce(sum(change.total), 0) as total
from unnest(%(department_ids)s::text[]) as wanted (department_id)
left join org.headcount_change as change
  on change.tenant_id = %(tenant_id)s
 and change.department_id = wanted.department_id
 and change.changed_at <= %(at)s::timestamptz
group by wanted.department_id
