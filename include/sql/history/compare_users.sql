-- Finds the users about whom the plan's snapshot says something else than history does at its instant.
-- %(plan_id)s: a plan whose rows are staged. Run twice it fails on the key; clear_plan comes first.

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
    join reading
      on version.tenant_id = reading.tenant_id
     and version.valid_from <= reading.taken_at
     and (version.valid_to is null or version.valid_to > reading.taken_at)
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
    coalesce(staged.user_id, held.user_id, quarantined.user_id),
    '',
    reading.taken_at,
    'infinity'
from staged
full join held using (user_id)
full join quarantined using (user_id)
left join unread using (user_id)
cross join reading
cross join lateral (select reading.unobserved || coalesce(unread.columns, '{}') as columns) as silent
where case
    -- There, but unreadable: it may be back after a gap, or be read anew as unreadable.
    when quarantined.user_id is not null then held.user_id is null or held.valid_from = reading.taken_at
    when staged.user_id is null or held.user_id is null then true
    -- Read anew with columns left out: what the replaced reading said of them must go.
    when held.valid_from = reading.taken_at and silent.columns <> '{}' then true
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
