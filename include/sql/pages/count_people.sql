-- How many people a tenant (tenant_id) had at an instant (at).
select coalesce(sum(change.total), 0) as people
from org.headcount_change as change
where change.tenant_id = %(tenant_id)s
  and change.department_id = ''
  and change.changed_at <= %(at)s::timestamptz
