-- Who reports to a person (user_id) of a tenant (tenant_id) at an instant (at): whom the platform says so of; and of those of whom it tells no
-- manager, whose main department the person leads, and who lead a department below it with none between that has a leader. At most so many
-- (most) are looked at; is_capped where that was too few.
with recursive led as (
    select department.department_id, department.leader_user_ids
    from org.membership_history as membership
    cross join lateral (
        select version.department_id, version.leader_user_ids
        from org.department_history as version
        where version.tenant_id = %(tenant_id)s
          and version.department_id = membership.department_id
          and version.valid_from <= %(at)s::timestamptz
          and (version.valid_to is null or version.valid_to > %(at)s::timestamptz)
        limit 1
    ) as department
    where membership.tenant_id = %(tenant_id)s
      and membership.user_id = %(user_id)s
      and membership.valid_from <= %(at)s::timestamptz
      and (membership.valid_to is null or membership.valid_to > %(at)s::timestamptz)
      and %(user_id)s = any (department.leader_user_ids)
),
-- Downward: what is led, and below it as far as nobody else leads; is_led_else ends the way.
span (department_id, leader_user_ids, is_led_else) as (
    select led.department_id, led.leader_user_ids, false
    from led
    union
    select
        child.department_id,
        child.leader_user_ids,
        exists (
            select from org.user_history as leader
            where leader.tenant_id = %(tenant_id)s
              and leader.user_id = any (child.leader_user_ids)
              and leader.valid_from <= %(at)s::timestamptz
              and (leader.valid_to is null or leader.valid_to > %(at)s::timestamptz)
        )
    from span
    join org.department_history as child
      on child.tenant_id = %(tenant_id)s
     and child.parent_id = span.department_id
     and child.valid_from <= %(at)s::timestamptz
     and (child.valid_to is null or child.valid_to > %(at)s::timestamptz)
    where not span.is_led_else
      and not %(user_id)s = any (coalesce(child.leader_user_ids, '{}'))
),
candidate as (
    (
        select version.user_id, null as department_id
        from org.user_history as version
        where version.tenant_id = %(tenant_id)s
          and version.manager_user_id = %(user_id)s
          and version.valid_from <= %(at)s::timestamptz
          and (version.valid_to is null or version.valid_to > %(at)s::timestamptz)
        limit %(most)s
    )
    union all
    (
        select member.user_id, span.department_id
        from span
        cross join lateral (
            select membership.user_id
            from org.membership_history as membership
            where membership.tenant_id = %(tenant_id)s
              and membership.department_id = span.department_id
              and membership.valid_from <= %(at)s::timestamptz
              and (membership.valid_to is null or membership.valid_to > %(at)s::timestamptz)
              and membership.user_id <> %(user_id)s
              -- Of a department that somebody else leads only these; of the others all but these.
              and span.is_led_else = (membership.user_id = any (coalesce(span.leader_user_ids, '{}')))
            limit %(most)s
        ) as member
        limit %(most)s
    )
)
select distinct
    person.name,
    person.user_id,
    person.title,
    (select count(*) from candidate) >= %(most)s as is_capped
from candidate
-- Each by itself, through an index: joined as a whole, all people might be read.
cross join lateral (
    select
        version.user_id,
        version.name,
        version.title,
        version.manager_user_id,
        version.main_department_id
    from org.user_history as version
    where version.tenant_id = %(tenant_id)s
      and version.user_id = candidate.user_id
      and version.valid_from <= %(at)s::timestamptz
      and (version.valid_to is null or version.valid_to > %(at)s::timestamptz)
    limit 1
) as person
where candidate.department_id is null
   or (
    person.manager_user_id is null
    and candidate.department_id = coalesce(
        person.main_department_id,
        (
            select membership.department_id
            from org.membership_history as membership
            where membership.tenant_id = %(tenant_id)s
              and membership.user_id = candidate.user_id
              and membership.valid_from <= %(at)s::timestamptz
              and (membership.valid_to is null or membership.valid_to > %(at)s::timestamptz)
            order by
                membership.is_main desc nulls last,
                membership.department_id
            limit 1
        )
    )
   )
order by
    person.name,
    person.user_id
limit %(most)s
