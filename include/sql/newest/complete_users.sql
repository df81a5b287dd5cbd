-- Gives the staged users that were known before what they held last in the columns that the snapshot says nothing about.
-- %(plan_id)s: a plan whose affected keys are found. Harmless when run again.

update stage.user as staged
set
    union_id = case when 'union_id' = any (silent.columns) then earlier.union_id else staged.union_id end,
    open_id = case when 'open_id' = any (silent.columns) then earlier.open_id else staged.open_id end,
    name = case when 'name' = any (silent.columns) then earlier.name else staged.name end,
    name_en = case when 'name_en' = any (silent.columns) then earlier.name_en else staged.name_en end,
    nickname = case when 'nickname' = any (silent.columns) then earlier.nickname else staged.nickname end,
    mobile = case when 'mobile' = any (silent.columns) then earlier.mobile else staged.mobile end,
    email = case when 'email' = any (silent.columns) then earlier.email else staged.email end,
    work_email = case when 'work_email' = any (silent.columns) then earlier.work_email else staged.work_email end,
    telephone = case when 'telephone' = any (silent.columns) then earlier.telephone else staged.telephone end,
    gender = case when 'gender' = any (silent.columns) then earlier.gender else staged.gender end,
    avatar_url = case when 'avatar_url' = any (silent.columns) then earlier.avatar_url else staged.avatar_url end,
    title = case when 'title' = any (silent.columns) then earlier.title else staged.title end,
    job_number = case when 'job_number' = any (silent.columns) then earlier.job_number else staged.job_number end,
    work_place = case when 'work_place' = any (silent.columns) then earlier.work_place else staged.work_place end,
    employee_type = case when 'employee_type' = any (silent.columns) then earlier.employee_type else staged.employee_type end,
    hired_on = case when 'hired_on' = any (silent.columns) then earlier.hired_on else staged.hired_on end,
    status = case when 'status' = any (silent.columns) then earlier.status else staged.status end,
    is_admin = case when 'is_admin' = any (silent.columns) then earlier.is_admin else staged.is_admin end,
    manager_user_id = case when 'manager_user_id' = any (silent.columns) then earlier.manager_user_id else staged.manager_user_id end,
    main_department_id = case when 'main_department_id' = any (silent.columns) then earlier.main_department_id else staged.main_department_id end,
    attributes = case when 'attributes' = any (silent.columns) then earlier.attributes else staged.attributes end
from stage.affected
join stage.reading
  on reading.plan_id = affected.plan_id
 and reading.entity = affected.entity
join org.user_version as earlier
  on earlier.tenant_id = reading.tenant_id
 and earlier.user_id = affected.key_1
 and earlier.valid_from = affected.from_at
left join stage.unread
  on unread.plan_id = affected.plan_id
 and unread.entity = affected.entity
 and unread.key_1 = affected.key_1
 and unread.key_2 = affected.key_2
cross join lateral (select reading.unobserved || coalesce(unread.columns, '{}') as columns) as silent
where affected.plan_id = %(plan_id)s
  and affected.entity = 'user'
  and affected.from_at < reading.taken_at
  and silent.columns <> '{}'
  and staged.plan_id = %(plan_id)s
  and staged.user_id = affected.key_1
