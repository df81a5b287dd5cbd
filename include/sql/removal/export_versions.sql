-- The versions of a person (tenant_id, user_id), in clear.
select
    version.user_id,
    version.union_id,
    version.open_id,
    version.name,
    version.name_en,
    version.nickname,
    version.mobile,
    version.email,
    version.work_email,
    version.telephone,
    version.gender,
    version.avatar_url,
    version.title,
    version.job_number,
    version.work_place,
    version.employee_type,
    version.hired_on,
    version.status,
    version.is_admin,
    version.manager_user_id,
    version.main_department_id,
    version.attributes,
    version.valid_from,
    version.valid_to,
    version.snapshot_id
from org.user_version as version
where version.tenant_id = %(tenant_id)s
  and version.user_id = %(user_id)s
order by version.valid_from
