-- How many of a tenant's people had a value in each column right before an instant (%(at)s).
select
    count(union_id) as union_id,
    count(open_id) as open_id,
    count(name) as name,
    count(name_en) as name_en,
    count(nickname) as nickname,
    count(mobile) as mobile,
    count(email) as email,
    count(work_email) as work_email,
    count(telephone) as telephone,
    count(gender) as gender,
    count(avatar_url) as avatar_url,
    count(title) as title,
    count(job_number) as job_number,
    count(work_place) as work_place,
    count(employee_type) as employee_type,
    count(hired_on) as hired_on,
    count(status) as status,
    count(is_admin) as is_admin,
    count(manager_user_id) as manager_user_id,
    count(main_department_id) as main_department_id,
    count(attributes) as attributes
from org.user_version
where tenant_id = %(tenant_id)s
  and valid_from < %(at)s
  and (valid_to is null or valid_to >= %(at)s)
