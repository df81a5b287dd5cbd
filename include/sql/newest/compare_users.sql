-- Finds the users about whom a snapshot that is later than all of history says something else than what holds. from_at is where
-- the last version of the user begins, or the snapshot's instant where there is none.
-- %(plan_id)s: a plan whose rows are staged. Run twice it doubles the rows; clear_plan comes first.

insert into stage.affected (plan_id, entity, key_1, key_2, from_at, until_at)
with reading as materialized (
    select reading.*
    from stage.reading
    where reading.plan_id = %(plan_id)s
      and reading.entity = 'user'
),
staged as (
    select staged.*
    from stage.user as staged
    where staged.plan_id = %(plan_id)s
),
held as (
    select version.*
    from org.user_version as version
    where version.tenant_id = (select reading.tenant_id from reading)
      and version.valid_to is null
),
quarantined as (
    select
        quarantined.key_1 as user_id
    from stage.quarantined
    where quarantined.plan_id = %(plan_id)s
      and quarantined.entity = 'user'
),
unread as (
    select
        unread.key_1 as user_id,
        unread.columns
    from stage.unread
    where unread.plan_id = %(plan_id)s
      and unread.entity = 'user'
)
select
    reading.plan_id,
    reading.entity,
    key.key_1,
    key.key_2,
    coalesce(held.valid_from, earlier.valid_from, reading.taken_at),
    'infinity'
from staged
full join held using (user_id)
full join quarantined using (user_id)
left join unread using (user_id)
cross join reading
cross join lateral (select reading.unobserved || coalesce(unread.columns, '{}') as columns) as silent
cross join lateral (select coalesce(staged.user_id, held.user_id, quarantined.user_id) as key_1, '' as key_2) as key
left join lateral (
    select max(version.valid_from) as valid_from
    from org.user_version as version
    where version.tenant_id = reading.tenant_id
      and version.user_id = key.key_1
) as earlier on held.user_id is null
where case
    -- There, but unreadable: it may be back after a gap.
    when quarantined.user_id is not null then held.user_id is null
    when staged.user_id is null or held.user_id is null then true
    -- Most are alike wholly, which is seen sooner than column by column.
    when (staged.union_id, staged.open_id, staged.name, staged.name_en, staged.nickname, staged.mobile, staged.email, staged.work_email, staged.telephone, staged.gender, staged.avatar_url, staged.title, staged.job_number, staged.work_place, staged.employee_type, staged.hired_on, staged.status, staged.is_admin, staged.manager_user_id, staged.main_department_id, staged.attributes)
        is not distinct from (held.union_id, held.open_id, held.name, held.name_en, held.nickname, held.mobile, held.email, held.work_email, held.telephone, held.gender, held.avatar_url, held.title, held.job_number, held.work_place, held.employee_type, held.hired_on, held.status, held.is_admin, held.manager_user_id, held.main_department_id, held.attributes) then false
    else ('union_id' <> all (silent.columns) and staged.union_id is distinct from held.union_id)
        or ('open_id' <> all (silent.columns) and staged.open_id is distinct from held.open_id)
        or ('name' <> all (silent.columns) and staged.name is distinct from held.name)
        or ('name_en' <> all (silent.columns) and staged.name_en is distinct from held.name_en)
        or ('nickname' <> all (silent.columns) and staged.nickname is distinct from held.nickname)
        or ('mobile' <> all (silent.columns) and staged.mobile is distinct from held.mobile)
        or ('email' <> all (silent.columns) and staged.email is distinct from held.email)
        or ('work_email' <> all (silent.columns) and staged.work_email is distinct from held.work_email)
        or ('telephone' <> all (silent.columns) and staged.telephone is distinct from held.telephone)
        or ('gender' <> all (silent.columns) and staged.gender is distinct from held.gender)
        or ('avatar_url' <> all (silent.columns) and staged.avatar_url is distinct from held.avatar_url)
        or ('title' <> all (silent.columns) and staged.title is distinct from held.title)
        or ('job_number' <> all (silent.columns) and staged.job_number is distinct from held.job_number)
        or ('work_place' <> all (silent.columns) and staged.work_place is distinct from held.work_place)
        or ('employee_type' <> all (silent.columns) and staged.employee_type is distinct from held.employee_type)
        or ('hired_on' <> all (silent.columns) and staged.hired_on is distinct from held.hired_on)
        or ('status' <> all (silent.columns) and staged.status is distinct from held.status)
        or ('is_admin' <> all (silent.columns) and staged.is_admin is distinct from held.is_admin)
        or ('manager_user_id' <> all (silent.columns) and staged.manager_user_id is distinct from held.manager_user_id)
        or ('main_department_id' <> all (silent.columns) and staged.main_department_id is distinct from held.main_department_id)
        or ('attributes' <> all (silent.columns) and staged.attributes is distinct from held.attributes)
end
