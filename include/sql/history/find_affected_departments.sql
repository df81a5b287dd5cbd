-- Finds the departments whose time line changes when a plan's snapshot says what it says at taken_at, and how far.
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
            then array(select unnest(plan.department_unobserved) intersect select unnest(snapshot.department_unobserved))
            else plan.department_unobserved
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
     and snapshot.department_unobserved <@ plan.quiet
    where snapshot.state = 'loaded'
),
staged as (
    select staged.*
    from stage.department as staged
    where staged.plan_id = %(plan_id)s
),
held as (
    select version.*
    from org.department_version as version
    join plan
      on version.tenant_id = plan.tenant_id
     and version.valid_from <= plan.taken_at
     and (version.valid_to is null or version.valid_to > plan.taken_at)
),
quarantined as (
    select distinct quarantine.department_id
    from ops.quarantine
    where quarantine.plan_id = %(plan_id)s
      and quarantine.entity = 'department'
      and quarantine.department_id is not null
),
affected as (
    select
        coalesce(staged.department_id, held.department_id, quarantined.department_id) as key_1,
        '' as key_2
    from staged
    full join held using (department_id)
    full join quarantined using (department_id)
    cross join plan
    where case
        when quarantined.department_id is not null then held.department_id is null or held.valid_from = plan.taken_at
        when staged.department_id is null or held.department_id is null then true
        when held.valid_from = plan.taken_at and plan.department_unobserved <> '{}' then true
        else ('parent_id' <> all (plan.department_unobserved) and staged.parent_id is distinct from held.parent_id)
        or ('name' <> all (plan.department_unobserved) and staged.name is distinct from held.name)
        or ('name_en' <> all (plan.department_unobserved) and staged.name_en is distinct from held.name_en)
        or ('sort_order' <> all (plan.department_unobserved) and staged.sort_order is distinct from held.sort_order)
        or ('is_hidden' <> all (plan.department_unobserved) and staged.is_hidden is distinct from held.is_hidden)
        or ('source_identifier' <> all (plan.department_unobserved) and staged.source_identifier is distinct from held.source_identifier)
        or ('leader_user_ids' <> all (plan.department_unobserved) and staged.leader_user_ids is distinct from held.leader_user_ids)
        or ('attributes' <> all (plan.department_unobserved) and staged.attributes is distinct from held.attributes)
    end
)
select
    plan.plan_id,
    'department',
    affected.key_1,
    affected.key_2,
    coalesce(earlier.valid_from, plan.taken_at),
    coalesce(settled.taken_at, 'infinity')
from affected
cross join plan
left join lateral (
    select version.valid_from
    from org.department_version as version
    where version.tenant_id = plan.tenant_id
      and version.department_id = affected.key_1
      and version.valid_from < plan.taken_at
    order by version.valid_from desc
    limit 1
) as earlier on true
left join lateral (
    select later.taken_at
    from later
    join org.department_version as version
      on version.tenant_id = plan.tenant_id
     and version.department_id = affected.key_1
     and version.valid_from <= later.taken_at
     and (version.valid_to is null or version.valid_to > later.taken_at)
    where not exists (
        select from ops.quarantine
        where quarantine.plan_id = later.plan_id
          and quarantine.entity = 'department'
          and quarantine.department_id = affected.key_1
    )
    order by later.taken_at
    limit 1
) as settled on true
