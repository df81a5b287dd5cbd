-- Gathers what history knows of each affected key: before the plan's snapshot, and in the loaded snapshots after it.
-- Contents are filled in by describe_*, which read them from the version named.
-- %(plan_id)s: a plan whose affected keys are bounded. Run twice it doubles the rows; clear_plan comes first.

insert into stage.observation (plan_id, entity, key_1, key_2, starts_at, ends_at, version_from, unobserved)
with plan as materialized (
    select plan.*
    from ops.plan
    where plan.plan_id = %(plan_id)s
),
affected as (
    select affected.*
    from stage.affected
    where affected.plan_id = %(plan_id)s
),
later as materialized (
    select
        loaded.*,
        coalesce(
            min(loaded.taken_at) filter (where not loaded.is_targeted) over (
                partition by loaded.entity
                order by loaded.taken_at
                rows between 1 following and unbounded following
            ),
            'infinity'
        ) as next_at
    from stage.loaded
    join plan
      on loaded.tenant_id = plan.tenant_id
     and loaded.taken_at > plan.taken_at
),
known as (
    -- The version that began last before the snapshot: all that was known of the key, even if it ended since.
    select
        affected.entity,
        affected.key_1,
        affected.key_2,
        version.valid_from as starts_at,
        least(version.valid_to, plan.taken_at) as ends_at,
        version.valid_from as version_from,
        '{}'::text[] as unobserved
    from affected
    cross join plan
    join stage.version
      on version.entity = affected.entity
     and version.tenant_id = plan.tenant_id
     and version.key_1 = affected.key_1
     and version.key_2 = affected.key_2
     and version.valid_from = affected.from_at
    where affected.from_at < plan.taken_at

    union all

    -- Quarantined in the plan's snapshot: there, but nothing is known of its content.
    select
        affected.entity,
        affected.key_1,
        affected.key_2,
        plan.taken_at,
        affected.next_at,
        null,
        '{}'
    from affected
    join plan using (plan_id)
    join stage.quarantined using (plan_id, entity, key_1, key_2)

    union all

    -- The loaded snapshots after it that speak of it, as far as they may feel it: a version, or quarantined there.
    select
        affected.entity,
        affected.key_1,
        affected.key_2,
        later.taken_at,
        least(later.next_at, asked.taken_at),
        case when quarantined.key_1 is null then version.valid_from end,
        later.unobserved || coalesce(unread.columns, '{}')
    from affected
    join later
      on later.entity = affected.entity
     and later.taken_at < affected.until_at
     and (
        not later.is_targeted
        or exists (
            select from stage.asked_later
            where asked_later.snapshot_id = later.snapshot_id
              and asked_later.entity = affected.entity
              and asked_later.key_1 = affected.key_1
        )
     )
    left join lateral (
        select min(asked_later.taken_at) as taken_at
        from stage.asked_later
        where asked_later.tenant_id = later.tenant_id
          and asked_later.entity = affected.entity
          and asked_later.key_1 = affected.key_1
          and asked_later.taken_at > later.taken_at
    ) as asked on true
    left join stage.version
      on version.entity = affected.entity
     and version.tenant_id = later.tenant_id
     and version.key_1 = affected.key_1
     and version.key_2 = affected.key_2
     and version.valid_from <= later.taken_at
     and (version.valid_to is null or version.valid_to > later.taken_at)
    left join stage.quarantined
      on quarantined.plan_id = later.plan_id
     and quarantined.entity = affected.entity
     and quarantined.key_1 = affected.key_1
     and quarantined.key_2 = affected.key_2
    left join stage.unread
      on unread.plan_id = later.plan_id
     and unread.entity = affected.entity
     and unread.key_1 = affected.key_1
     and unread.key_2 = affected.key_2
    where version.key_1 is not null
       or quarantined.key_1 is not null

    union all

    -- The rest of the version that holds where the stretch ends.
    select
        affected.entity,
        affected.key_1,
        affected.key_2,
        affected.until_at,
        coalesce(version.valid_to, 'infinity'),
        version.valid_from,
        '{}'
    from affected
    cross join plan
    join stage.version
      on version.entity = affected.entity
     and version.tenant_id = plan.tenant_id
     and version.key_1 = affected.key_1
     and version.key_2 = affected.key_2
     and version.valid_from <= affected.until_at
     and (version.valid_to is null or version.valid_to > affected.until_at)
    where affected.until_at < 'infinity'
)
select
    %(plan_id)s,
    known.entity,
    known.key_1,
    known.key_2,
    known.starts_at,
    known.ends_at,
    known.version_from,
    known.unobserved
from known
