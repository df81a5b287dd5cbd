-- Finds the memberships whose time line changes when a plan's snapshot says what it says at taken_at, and how far.
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
            then array(select unnest(plan.membership_unobserved) intersect select unnest(snapshot.membership_unobserved))
            else plan.membership_unobserved
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
     and snapshot.membership_unobserved <@ plan.quiet
    where snapshot.state = 'loaded'
),
staged as (
    select staged.*
    from stage.membership as staged
    where staged.plan_id = %(plan_id)s
),
held as (
    select version.*
    from org.membership_version as version
    join plan
      on version.tenant_id = plan.tenant_id
     and version.valid_from <= plan.taken_at
     and (version.valid_to is null or version.valid_to > plan.taken_at)
),
quarantined as (
    select distinct quarantine.user_id, quarantine.department_id
    from ops.quarantine
    where quarantine.plan_id = %(plan_id)s
      and quarantine.entity = 'membership'
      and quarantine.user_id is not null and quarantine.department_id is not null
),
affected as (
    select
        coalesce(staged.user_id, held.user_id, quarantined.user_id) as key_1,
        coalesce(staged.department_id, held.department_id, quarantined.department_id) as key_2
    from staged
    full join held using (user_id, department_id)
    full join quarantined using (user_id, department_id)
    cross join plan
    where case
        when quarantined.user_id is not null then held.user_id is null or held.valid_from = plan.taken_at
        when staged.user_id is null or held.user_id is null then true
        when held.valid_from = plan.taken_at and plan.membership_unobserved <> '{}' then true
        else ('is_main' <> all (plan.membership_unobserved) and staged.is_main is distinct from held.is_main)
        or ('is_leader' <> all (plan.membership_unobserved) and staged.is_leader is distinct from held.is_leader)
        or ('sort_order' <> all (plan.membership_unobserved) and staged.sort_order is distinct from held.sort_order)
        or ('title' <> all (plan.membership_unobserved) and staged.title is distinct from held.title)
        or ('attributes' <> all (plan.membership_unobserved) and staged.attributes is distinct from held.attributes)
    end
)
select
    plan.plan_id,
    'membership',
    affected.key_1,
    affected.key_2,
    coalesce(earlier.valid_from, plan.taken_at),
    coalesce(settled.taken_at, 'infinity')
from affected
cross join plan
left join lateral (
    select version.valid_from
    from org.membership_version as version
    where version.tenant_id = plan.tenant_id
      and version.user_id = affected.key_1
      and version.department_id = affected.key_2
      and version.valid_from < plan.taken_at
    order by version.valid_from desc
    limit 1
) as earlier on true
left join lateral (
    select later.taken_at
    from later
    join org.membership_version as version
      on version.tenant_id = plan.tenant_id
     and version.user_id = affected.key_1
     and version.department_id = affected.key_2
     and version.valid_from <= later.taken_at
     and (version.valid_to is null or version.valid_to > later.taken_at)
    where not exists (
        select from ops.quarantine
        where quarantine.plan_id = later.plan_id
          and quarantine.entity = 'membership'
          and quarantine.user_id = affected.key_1
          and quarantine.department_id = affected.key_2
    )
    order by later.taken_at
    limit 1
) as settled on true
