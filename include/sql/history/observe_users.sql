-- Gathers what is known of each affected user: before the plan's snapshot, at it, at the loaded ones after it.
-- %(plan_id)s: a plan whose affected keys are found. Run twice it doubles the rows; clear_plan comes first.

insert into stage.observation (plan_id, entity, key_1, key_2, starts_at, ends_at, observed)
with plan as materialized (
    select
        plan.*,
        coalesce(
            (
                select min(snapshot.taken_at)
                from ops.snapshot
                where snapshot.tenant_id = plan.tenant_id
                  and snapshot.taken_at > plan.taken_at
                  and snapshot.state = 'loaded'
            ),
            'infinity'
        ) as next_at
    from ops.plan
    where plan.plan_id = %(plan_id)s
),
later as materialized (
    select
        snapshot.taken_at,
        snapshot.plan_id,
        snapshot.user_unobserved as unobserved,
        coalesce(lead(snapshot.taken_at) over (order by snapshot.taken_at), 'infinity') as next_at
    from ops.snapshot
    join plan
      on snapshot.tenant_id = plan.tenant_id
     and snapshot.taken_at > plan.taken_at
    where snapshot.state = 'loaded'
),
affected as (
    select affected.*
    from stage.affected
    where affected.plan_id = %(plan_id)s
      and affected.entity = 'user'
),
quarantined as (
    select distinct
        quarantine.plan_id,
        quarantine.user_id as key_1,
        '' as key_2
    from ops.quarantine
    where quarantine.entity = 'user'
      and (quarantine.plan_id = %(plan_id)s or quarantine.plan_id in (select later.plan_id from later))
),
known as (
    -- The version that began last before the snapshot: all that was known of the key, even if it ended since.
    select
        affected.key_1,
        affected.key_2,
        version.valid_from as starts_at,
        least(version.valid_to, plan.taken_at) as ends_at,
        to_jsonb(version) - array['tenant_id', 'user_id', 'content_hash', 'valid_from', 'valid_to', 'snapshot_id'] as observed
    from affected
    cross join plan
    join org.user_version as version
      on version.tenant_id = plan.tenant_id
     and version.user_id = affected.key_1
     and version.valid_from = affected.from_at
     and version.valid_from < plan.taken_at

    union all

    -- The plan's snapshot. A quarantined key is there, but nothing is known of its content.
    select
        affected.key_1,
        affected.key_2,
        plan.taken_at,
        plan.next_at,
        to_jsonb(staged) - array['plan_id', 'user_id'] - plan.user_unobserved
    from affected
    cross join plan
    left join stage.user as staged
      on staged.plan_id = plan.plan_id
     and staged.user_id = affected.key_1
    left join quarantined
      on quarantined.plan_id = plan.plan_id
     and quarantined.key_1 = affected.key_1
     and quarantined.key_2 = affected.key_2
    where staged.user_id is not null
       or quarantined.key_1 is not null

    union all

    -- The loaded snapshots after it, as far as they may feel it.
    select
        affected.key_1,
        affected.key_2,
        later.taken_at,
        later.next_at,
        case when quarantined.key_1 is null
            then to_jsonb(version) - array['tenant_id', 'user_id', 'content_hash', 'valid_from', 'valid_to', 'snapshot_id'] - later.unobserved
        end
    from affected
    join later on later.taken_at < affected.until_at
    cross join plan
    left join org.user_version as version
      on version.tenant_id = plan.tenant_id
     and version.user_id = affected.key_1
     and version.valid_from <= later.taken_at
     and (version.valid_to is null or version.valid_to > later.taken_at)
    left join quarantined
      on quarantined.plan_id = later.plan_id
     and quarantined.key_1 = affected.key_1
     and quarantined.key_2 = affected.key_2
    where version.user_id is not null
       or quarantined.key_1 is not null

    union all

    -- The rest of the version that holds where the stretch ends.
    select
        affected.key_1,
        affected.key_2,
        affected.until_at,
        coalesce(version.valid_to, 'infinity'),
        to_jsonb(version) - array['tenant_id', 'user_id', 'content_hash', 'valid_from', 'valid_to', 'snapshot_id']
    from affected
    cross join plan
    join org.user_version as version
      on version.tenant_id = plan.tenant_id
     and version.user_id = affected.key_1
     and version.valid_from <= affected.until_at
     and (version.valid_to is null or version.valid_to > affected.until_at)
    where affected.until_at < 'infinity'
)
select
    %(plan_id)s,
    'user',
    known.key_1,
    known.key_2,
    known.starts_at,
    known.ends_at,
    known.observed
from known
