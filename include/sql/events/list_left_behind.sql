-- Who and what history has in departments that are said to be gone (%(department_ids)s): they are somewhere else now, or gone too.
-- Nothing is written.
select
    'user' as entity,
    membership.user_id as key_1
from org.membership_version as membership
where membership.tenant_id = %(tenant_id)s
  and membership.department_id = any (%(department_ids)s)
  and membership.valid_to is null
union
select
    'department',
    department.department_id
from org.department_version as department
where department.tenant_id = %(tenant_id)s
  and department.parent_id = any (%(department_ids)s)
  and department.valid_to is null
limit %(most)s
