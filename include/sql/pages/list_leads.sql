-- Who is above a person (user_id) of a tenant (tenant_id) at an instant (at): the manager that the platform tells (in each row), and the way up
-- from the main department (the one told, or the first), with those of its leaders who were there then.
with recursive person as (
    select
        version.manager_user_id,
        coalesce(
            version.main_department_id,
            (
                select membership.department_id
                from org.membership_history as membership
                where membership.tenant_id = %(tenant_id)s
                  and membership.user_id = %(user_id)s
                  and membership.valid_from <= %(at)s::timestamptz
                  and (membership.valid_to is null or membership.valid_to > %(at)s::timestamptz)
                order by
                    membership.is_main desc nulls last,
                    membership.department_id
                limit 1
            )
        ) as department_id
    from org.user_history as version
    where version.tenant_id = %(tenant_id)s
      and version.user_id = %(user_id)s
      and version.valid_from <= %(at)s::timestamptz
      and (version.valid_to is null or version.valid_to > %(at)s::timestamptz)
),
way (distance, department_id, parent_id, name, leader_user_ids) as (
    select
        1,
        version.department_id,
        version.parent_id,
        version.name,
        version.leader_user_ids
    from person
    join org.department_history as version
      on version.tenant_id = %(tenant_id)s
     and version.department_id = person.department_id
     and version.valid_from <= %(at)s::timestamptz
     and (version.valid_to is null or version.valid_to > %(at)s::timestamptz)
    union all
    select
        way.distance + 1,
        version.department_id,
        version.parent_id,
        version.name,
        version.leader_user_ids
    from way
    join org.department_history as version
      on version.tenant_id = %(tenant_id)s
     and version.department_id = way.parent_id
     and version.valid_from <= %(at)s::timestamptz
     and (version.valid_to is null or version.valid_to > %(at)s::timestamptz)
    where way.distance < 100
)
select
    person.manager_user_id,
    way.department_id,
    way.name,
    (
        select coalesce(array_agg(leader.user_id order by leader.place), '{}')
        from unnest(way.leader_user_ids) with ordinality as leader (user_id, place)
        where exists (
            select from org.user_history as version
            where version.tenant_id = %(tenant_id)s
              and version.user_id = leader.user_id
              and version.valid_from <= %(at)s::timestamptz
              and (version.valid_to is null or version.valid_to > %(at)s::timestamptz)
        )
    ) as leaders
from person
left join way on true
order by way.distance
