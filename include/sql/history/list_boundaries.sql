-- The instants at which a plan that takes the general way changes how many people are where. Asked before it is written: what it will write is in
-- its time lines. People count one by one, so only where they come or go; but a department that is elsewhere for a while, or a membership that is
-- there for a while, is felt by whatever else changes meanwhile.
-- %(plan_id)s: a plan whose time lines are found.
with held as (
    select
        affected.entity,
        affected.key_1,
        affected.key_2,
        department.parent_id,
        version.valid_from,
        coalesce(version.valid_to, 'infinity') as valid_to
    from stage.affected
    join ops.plan using (plan_id)
    join stage.version
      on version.entity = affected.entity
     and version.tenant_id = plan.tenant_id
     and version.key_1 = affected.key_1
     and version.key_2 = affected.key_2
     and version.valid_from between affected.from_at and affected.until_at
    left join org.department_version as department
      on affected.entity = 'department'
     and department.tenant_id = plan.tenant_id
     and department.department_id = affected.key_1
     and department.valid_from = version.valid_from
    where affected.plan_id = %(plan_id)s
),
next as (
    select
        timeline.entity,
        timeline.key_1,
        timeline.key_2,
        case when timeline.entity = 'department' then timeline.content ->> 'parent_id' end as parent_id,
        timeline.valid_from,
        timeline.valid_to
    from stage.timeline
    where timeline.plan_id = %(plan_id)s
),
place as (
    select
        coalesce(held.entity, next.entity) as entity,
        coalesce(held.ranges, '{}') as held,
        coalesce(next.ranges, '{}') as next
    from (
        select entity, key_1, key_2, coalesce(parent_id, '') as parent_id, range_agg(tstzrange(valid_from, valid_to)) as ranges
        from held
        group by entity, key_1, key_2, coalesce(parent_id, '')
    ) as held
    full join (
        select entity, key_1, key_2, coalesce(parent_id, '') as parent_id, range_agg(tstzrange(valid_from, valid_to)) as ranges
        from next
        group by entity, key_1, key_2, coalesce(parent_id, '')
    ) as next using (entity, key_1, key_2, parent_id)
    where held.ranges is distinct from next.ranges
),
difference as materialized (
    select distinct
        place.entity,
        lower(changed.range) as starts_at,
        upper(changed.range) as ends_at
    from place
    cross join lateral (
        select unnest(place.held - place.next)
        union all
        select unnest(place.next - place.held)
    ) as changed (range)
),
stretch as (
    select unnest(range_agg(tstzrange(difference.starts_at, difference.ends_at, '[]'))) as range
    from difference
    where difference.entity <> 'user'
),
boundary (instant) as (
    select difference.starts_at
    from difference
    union
    select difference.ends_at
    from difference
    union
    select version.valid_from
    from stretch
    join ops.plan on plan.plan_id = %(plan_id)s
    join stage.version
      on version.tenant_id = plan.tenant_id
     and version.entity <> 'user'
     and version.valid_from between lower(stretch.range) and upper(stretch.range)
    union
    select version.valid_to
    from stretch
    join ops.plan on plan.plan_id = %(plan_id)s
    join stage.version
      on version.tenant_id = plan.tenant_id
     and version.entity <> 'user'
     and version.valid_to between lower(stretch.range) and upper(stretch.range)
)
select boundary.instant
from boundary
where boundary.instant < 'infinity'
order by boundary.instant
