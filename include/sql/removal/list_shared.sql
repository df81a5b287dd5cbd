-- Which of some values (values) anybody else of a tenant than a person (tenant_id, user_id) has too, or a department.
select distinct known.value
from org.user_version as version
cross join lateral (
    values
        (version.user_id),
        (version.union_id),
        (version.open_id),
        (version.name),
        (version.name_en),
        (version.nickname),
        (version.mobile),
        (version.email),
        (version.work_email),
        (version.telephone),
        (version.avatar_url),
        (version.title),
        (version.job_number),
        (version.work_place),
        (version.employee_type),
        (version.main_department_id)
    union all
    select told.value #>> '{}'
    from jsonb_path_query(version.attributes, 'strict $.**') as told (value)
    where jsonb_typeof(told.value) = 'string'
) as known (value)
where version.tenant_id = %(tenant_id)s
  and version.user_id <> %(user_id)s
  and known.value = any (%(values)s)
union
select known.value
from org.department_version as version
cross join lateral (
    values
        (version.department_id),
        (version.name),
        (version.name_en),
        (version.source_identifier)
) as known (value)
where version.tenant_id = %(tenant_id)s
  and known.value = any (%(values)s)
