-- The changes of people of a tenant (tenant_id) in the snapshot taken at an instant (taken_at), of some kinds (kinds), with what they are
-- called and where they work now.
select
    change.change_id,
    change.changed_at,
    change.kind,
    change.user_id,
    coalesce(person.name, change.value_from) as name,
    person.title,
    (
        select string_agg(department.name, '、' order by membership.is_main desc nulls last, department.name)
        from org.memberships as membership
        join org.departments as department
          on department.tenant_id = membership.tenant_id
         and department.department_id = membership.department_id
        where membership.tenant_id = change.tenant_id
          and membership.user_id = change.user_id
    ) as department,
    change.value_from,
    change.value_to
from org.change as change
left join org.users as person
  on person.tenant_id = change.tenant_id
 and person.user_id = change.user_id
where change.tenant_id = %(tenant_id)s
  and change.changed_at = %(taken_at)s
  and change.entity = 'user'
  and change.kind = any (%(kinds)s)
order by
    change.kind,
    change.user_id
