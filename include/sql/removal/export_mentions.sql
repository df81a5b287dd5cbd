-- Where others' versions name a person (tenant_id, user_id): as their manager, as leader of a department.
select
    'manager of' as role,
    version.user_id as of_id,
    version.valid_from,
    version.valid_to
from org.user_version as version
where version.tenant_id = %(tenant_id)s
  and version.manager_user_id = %(user_id)s
union all
select
    'leader of department',
    version.department_id,
    version.valid_from,
    version.valid_to
from org.department_version as version
where version.tenant_id = %(tenant_id)s
  and version.leader_user_ids @> array[%(user_id)s]
order by
    1,
    2,
    3
