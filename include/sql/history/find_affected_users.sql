-- Finds the users whose time line changes when a plan's snapshot says what it says at taken_at, and how far.
-- %(plan_id)s: a plan whose rows are staged. Run twice it fails on the key; clear_plan comes first.
--
-- The stretch to write anew begins with the version before taken_at (later observations are laid over its content) and
-- ends at the next loaded snapshot that by itself settles every column this plan speaks of.

insert into stage.affected (plan_id, entity, key_1, key_2, from_at, until_at)
with plan as materialized (
    select
        plan.*,
        -- Columns silent both in this reading and in the one loaded before: later silence about them changes nothing.
        case when snapshot.state = 'loaded'
            then array(select unnest(plan.user_unobserved) intersect select unnest(snapshot.user_unobserved))
            else plan.user_unobserved
        end as quiet
    from ops.plan
    join ops.snapshot using (snapshot_id)
    where plan.plan_id = %(plan_id)s
),
later as materialized (
    select
        snapshot.taken_at,
        snapshot.plan_id
    from ops.snapshot
    join plan
      on snapshot.tenant_id = plan.tenant_id
     and snapshot.taken_at > plan.taken_at
     and snapshot.user_unobserved <@ plan.quiet
    where snapshot.state = 'loaded'
),
staged as (
    select staged.*
    from stage.user as staged
    where staged.plan_id = %(plan_id)s
),
held as (
    select version.*
    from org.user_version as version
    join plan
      on version.tenant_id = plan.tenant_id
     and version.valid_from <= plan.taken_at
     and (version.valid_to is null or version.valid_to > plan.taken_at)
),
quarantined as (
    select distinct quarantine.user_id
    from ops.quarantine
    where quarantine.plan_id = %(plan_id)s
      and quarantine.entity = 'user'
      and quarantine.user_id is not null
),
affected as (
    select
        coalesce(staged.user_id, held.user_id, quarantined.user_id) as key_1,
        '' as key_2
    from staged
    full join held using (user_id)
    full join quarantined using (user_id)
    cross join plan
    where case
        when quarantined.user_id is not null then held.user_id is null or held.valid_from = plan.taken_at
        when staged.user_id is null or held.user_id is null then true
        when held.valid_from = plan.taken_at and plan.user_unobserved <> '{}' then true
        else ('union_id' <> all (plan.user_unobserved) and staged.union_id is distinct from held.union_id)
        or ('open_id' <> all (plan.user_unobserved) and staged.open_id is distinct from held.open_id)
        or ('name' <> all (plan.user_unobserved) and staged.name is distinct from held.name)
        or ('name_en' <> all (plan.user_unobserved) and staged.name_en is distinct from held.name_en)
        or ('nickname' <> all (plan.user_unobserved) and staged.nickname is distinct from held.nickname)
        or ('mobile' <> all (plan.user_unobserved) and staged.mobile is distinct from held.mobile)
        or ('email' <> all (plan.user_unobserved) and staged.email is distinct from held.email)
        or ('work_email' <> all (plan.user_unobserved) and staged.work_email is distinct from held.work_email)
        or ('telephone' <> all (plan.user_unobserved) and staged.telephone is distinct from held.telephone)
        or ('gender' <> all (plan.user_unobserved) and staged.gender is distinct from held.gender)
        or ('avatar_url' <> all (plan.user_unobserved) and staged.avatar_url is distinct from held.avatar_url)
        or ('title' <> all (plan.user_unobserved) and staged.title is distinct from held.title)
        or ('job_number' <> all (plan.user_unobserved) and staged.job_number is distinct from held.job_number)
        or ('work_place' <> all (plan.user_unobserved) and staged.work_place is distinct from held.work_place)
        or ('employee_type' <> all (plan.user_unobserved) and staged.employee_type is distinct from held.employee_type)
        or ('hired_on' <> all (plan.user_unobserved) and staged.hired_on is distinct from held.hired_on)
        or ('status' <> all (plan.user_unobserved) and staged.status is distinct from held.status)
        or ('is_admin' <> all (plan.user_unobserved) and staged.is_admin is distinct from held.is_admin)
        or ('manager_user_id' <> all (plan.user_unobserved) and staged.manager_user_id is distinct from held.manager_user_id)
        or ('main_department_id' <> all (plan.user_unobserved) and staged.main_department_id is distinct from held.main_department_id)
        or ('attributes' <> all (plan.user_unobserved) and staged.attributes is distinct from held.attributes)
    end
)
select
    plan.plan_id,
    'user',
    affected.key_1,
    affected.key_2,
    coalesce(earlier.valid_from, plan.taken_at),
    coalesce(settled.taken_at, 'infinity')
from affected
cross join plan
left join lateral (
    select version.valid_from
    from org.user_version as version
    where version.tenant_id = plan.tenant_id
      and version.user_id = affected.key_1
      and version.valid_from < plan.taken_at
    order by version.valid_from desc
    limit 1
) as earlier on true
left join lateral (
    select later.taken_at
    from later
    join org.user_version as version
      on version.tenant_id = plan.tenant_id
     and version.user_id = affected.key_1
     and version.valid_from <= later.taken_at
     and (version.valid_to is null or version.valid_to > later.taken_at)
    where not exists (
        select from ops.quarantine
        where quarantine.plan_id = later.plan_id
          and quarantine.entity = 'user'
          and quarantine.user_id = affected.key_1
    )
    order by later.taken_at
    limit 1
) as settled on true
