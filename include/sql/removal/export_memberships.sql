-- The memberships of a person (tenant_id, user_id), and what the departments were called then.
select
    version.department_id,
    (
        select department.name
        from org.department_version as department
        where department.tenant_id = version.tenant_id
          and department.department_id = version.department_id
          and department.valid_from < coalesce(version.valid_to, 'infinity')
        order by department.valid_from desc
        limit 1
    ) as department_name,
    version.is_main,
    version.is_leader,
    version.sort_order,
    version.title,
    version.valid_from,
    version.valid_to,
    version.snapshot_id
from org.membership_version as version
where version.tenant_id = %(tenant_id)s
  and version.user_id = %(user_id)s
order by
    version.valid_from,
    version.department_id
