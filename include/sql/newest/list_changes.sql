-- Stores what a plan changes, as org.change would tell it once it is applied, by comparing what holds with what begins: with names, and with
-- the way to the department, or to the main one of the person, as the plan leaves the company; of what goes, where it was.
-- %(plan_id)s: a plan of a snapshot later than all of history, its affected keys found. Run twice it doubles the rows.

insert into ops.plan_change (
    plan_id,
    kind,
    entity,
    user_id,
    department_id,
    column_name,
    value_from,
    value_to,
    name,
    names_from,
    names_to,
    department_path
)
with recursive plan as materialized (
    select
        plan.plan_id,
        plan.tenant_id,
        plan.taken_at
    from ops.plan
    where plan.plan_id = %(plan_id)s
),
next_department as materialized (
    select next.*
    from stage.list_next_departments(%(plan_id)s) as next
),
next_membership as materialized (
    select
        next.user_id,
        next.department_id,
        next.is_main
    from stage.list_next_memberships(%(plan_id)s) as next
),
affected as (
    select
        affected.entity,
        affected.key_1,
        affected.key_2,
        affected.from_at
    from stage.affected
    where affected.plan_id = %(plan_id)s
),

-- Each touched person and department with the version before and the one that begins; is_held says that the former holds now. Of people no
-- more is kept than is told of each: everybody may be touched.
user_pair as materialized (
    select
        affected.key_1 as user_id,
        earlier.user_id is not null as was_known,
        earlier.user_id is not null and earlier.valid_to is null as is_held,
        next.user_id is not null as is_next,
        earlier.name as name_before,
        earlier.main_department_id as main_before,
        next.name as name_after,
        next.main_department_id as main_after
    from affected
    cross join plan
    left join org.user_version as earlier
      on earlier.tenant_id = plan.tenant_id
     and earlier.user_id = affected.key_1
     and earlier.valid_from = affected.from_at
    left join stage.list_next_users(%(plan_id)s) as next on next.user_id = affected.key_1
    where affected.entity = 'user'
),
department_pair as materialized (
    select
        affected.key_1 as department_id,
        earlier,
        row(next.*)::stage.department as later,
        earlier.department_id is not null as was_known,
        earlier.department_id is not null and earlier.valid_to is null as is_held,
        next.department_id is not null as is_next
    from affected
    cross join plan
    left join org.department_version as earlier
      on earlier.tenant_id = plan.tenant_id
     and earlier.department_id = affected.key_1
     and earlier.valid_from = affected.from_at
    left join next_department as next on next.department_id = affected.key_1
    where affected.entity = 'department'
),

-- Memberships of those whose set of departments changes, or whose department is asked for: before, and afterwards.
ended as materialized (
    select
        held.user_id,
        held.department_id,
        next.user_id is null as is_lost
    from affected
    cross join plan
    join org.membership_version as held
      on held.tenant_id = plan.tenant_id
     and held.user_id = affected.key_1
     and held.department_id = affected.key_2
     and held.valid_from = affected.from_at
     and held.valid_to is null
    left join next_membership as next
      on next.user_id = affected.key_1
     and next.department_id = affected.key_2
    where affected.entity = 'membership'
),
shifted as materialized (
    select ended.user_id
    from ended
    where ended.is_lost
    union
    select next.user_id
    from next_membership as next
    where not exists (
        select from ended
        where ended.user_id = next.user_id
          and ended.department_id = next.department_id
    )
),
told as materialized (
    select user_id from user_pair
    union
    select user_id from shifted
),
place as materialized (
    select
        held.user_id,
        held.department_id,
        held.is_main,
        true as is_before,
        ended.user_id is null as is_after
    from told
    cross join plan
    join org.membership_version as held
      on held.tenant_id = plan.tenant_id
     and held.user_id = told.user_id
     and held.valid_to is null
    left join ended
      on ended.user_id = held.user_id
     and ended.department_id = held.department_id

    union all

    select
        next.user_id,
        next.department_id,
        next.is_main,
        false,
        true
    from next_membership as next
),
moved as (
    select
        place.user_id,
        string_agg(place.department_id, ',' order by place.department_id) filter (where place.is_before) as value_from,
        string_agg(place.department_id, ',' order by place.department_id) filter (where place.is_after) as value_to
    from shifted
    join place using (user_id)
    where exists (
        select
        from plan
        join org.user_version as held on held.tenant_id = plan.tenant_id
        where held.user_id = shifted.user_id
          and held.valid_to is null
    )
    and not exists (
        select from user_pair as pair
        where pair.user_id = shifted.user_id
          and not pair.is_next
    )
    group by place.user_id
),

change (kind, entity, user_id, department_id, column_name, value_from, value_to) as (
    select
        case when pair.was_known then 'returned' else 'joined' end,
        'user',
        pair.user_id,
        null,
        null,
        null,
        pair.name_after
    from user_pair as pair
    where pair.is_next
      and not pair.is_held

    union all

    select
        'left',
        'user',
        pair.user_id,
        null,
        null,
        pair.name_before,
        null
    from user_pair as pair
    where pair.is_held
      and not pair.is_next

    union all

    select
        'moved',
        'user',
        moved.user_id,
        null,
        'department_ids',
        moved.value_from,
        moved.value_to
    from moved

    union all

    select
        case difference.column_name when 'name' then 'renamed' else 'updated' end,
        'user',
        pair.user_id,
        null,
        difference.column_name,
        difference.value_from,
        difference.value_to
    from user_pair as pair
    cross join plan
    join org.user_version as held
      on held.tenant_id = plan.tenant_id
     and held.user_id = pair.user_id
     and held.valid_to is null
    join stage.list_next_users(%(plan_id)s) as next on next.user_id = pair.user_id
    cross join lateral stage.list_user_differences(held, row(next.*)::stage.user) as difference
    where pair.is_held
      and pair.is_next

    union all

    select
        case when pair.was_known then 'returned' else 'created' end,
        'department',
        null,
        pair.department_id,
        null,
        null,
        (pair.later).name
    from department_pair as pair
    where pair.is_next
      and not pair.is_held

    union all

    select
        'removed',
        'department',
        null,
        pair.department_id,
        null,
        (pair.earlier).name,
        null
    from department_pair as pair
    where pair.is_held
      and not pair.is_next

    union all

    select
        case difference.column_name when 'name' then 'renamed' when 'parent_id' then 'moved' else 'updated' end,
        'department',
        null,
        pair.department_id,
        difference.column_name,
        difference.value_from,
        difference.value_to
    from department_pair as pair
    cross join lateral stage.list_department_differences(pair.earlier, pair.later) as difference
    where pair.is_held
      and pair.is_next
),

-- All departments there are: as they were, and as the plan leaves them; of what goes, as it was.
standing as materialized (
    select
        coalesce(held.department_id, next.department_id) as department_id,
        held.name as name_before,
        case when next.department_id is not null then next.name when pair.department_id is null then held.name end as name_after,
        case when next.department_id is not null then next.name else held.name end as name,
        case when next.department_id is not null then next.parent_id else held.parent_id end as parent_id
    from (
        select version.*
        from org.department_version as version
        where version.tenant_id = (select plan.tenant_id from plan)
          and version.valid_to is null
    ) as held
    full join next_department as next on next.department_id = held.department_id
    left join department_pair as pair on pair.department_id = held.department_id
),
tree as (
    select
        top.department_id,
        top.name as path
    from standing as top
    where not exists (
        select from standing as parent where parent.department_id = top.parent_id
    )
    union all
    select
        child.department_id,
        tree.path || ' / ' || child.name
    from tree
    join standing as child on child.parent_id = tree.department_id
),
first_place as materialized (
    select distinct on (place.user_id)
        place.user_id,
        place.department_id
    from place
    order by
        place.user_id,
        place.is_after desc,
        place.is_main desc nulls last,
        place.department_id
),

-- What the person is called, and where, as the plan leaves it; of whom goes, as it was.
person as materialized (
    select
        told.user_id,
        case when pair.is_next then pair.name_after when pair.user_id is not null then pair.name_before else held.name end as name,
        coalesce(
            case
                when pair.is_next then pair.main_after
                when pair.user_id is not null then pair.main_before
                else held.main_department_id
            end,
            first_place.department_id
        ) as department_id
    from told
    left join user_pair as pair using (user_id)
    left join first_place using (user_id)
    left join lateral (
        select
            version.name,
            version.main_department_id
        from plan
        join org.user_version as version on version.tenant_id = plan.tenant_id
        where version.user_id = told.user_id
          and version.valid_to is null
    ) as held on pair.user_id is null
),

-- Whom and which departments the values of a change name, and what those are called: before, and as the plan leaves them. Each is looked up once
-- for all changes: of a large company thousands move, and each of them would look through all of its departments.
numbered as materialized (
    select
        row_number() over () as number,
        change.*
    from change
),
mentioned as materialized (
    select
        change.number,
        side.is_before,
        change.column_name in ('manager_user_id', 'leader_user_ids') as is_person,
        mention.id,
        mention.place
    from numbered as change
    cross join lateral (values (true, change.value_from), (false, change.value_to)) as side (is_before, value)
    cross join lateral unnest(
        case change.column_name
            when 'leader_user_ids' then side.value::text[]
            when 'manager_user_id' then array[side.value]
            else string_to_array(side.value, ',')
        end
    ) with ordinality as mention (id, place)
    where change.column_name in ('department_ids', 'parent_id', 'main_department_id', 'manager_user_id', 'leader_user_ids')
),
called as (
    select
        mentioned.number,
        mentioned.is_before,
        mentioned.place,
        coalesce(
            case
                when not mentioned.is_person then case when mentioned.is_before then standing.name_before else standing.name_after end
                when mentioned.is_before or pair.user_id is null then held.name
                when pair.is_next then pair.name_after
            end,
            mentioned.id
        ) as name
    from mentioned
    cross join plan
    left join standing
      on standing.department_id = mentioned.id
     and not mentioned.is_person
    left join user_pair as pair
      on pair.user_id = mentioned.id
     and mentioned.is_person
    left join org.user_version as held
      on held.tenant_id = plan.tenant_id
     and held.user_id = mentioned.id
     and held.valid_to is null
     and mentioned.is_person
),
names as (
    select
        called.number,
        string_agg(called.name, ', ' order by called.place) filter (where called.is_before) as names_from,
        string_agg(called.name, ', ' order by called.place) filter (where not called.is_before) as names_to
    from called
    group by called.number
)
select
    %(plan_id)s,
    change.kind,
    change.entity,
    change.user_id,
    change.department_id,
    change.column_name,
    change.value_from,
    change.value_to,
    case change.entity when 'user' then person.name else own.name end,
    names.names_from,
    names.names_to,
    tree.path
from numbered as change
left join names on names.number = change.number
left join person on person.user_id = change.user_id
left join standing as own on own.department_id = change.department_id
left join tree on tree.department_id = coalesce(change.department_id, person.department_id)
