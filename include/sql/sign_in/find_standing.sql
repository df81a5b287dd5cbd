-- Where somebody (user_id) of a tenant (tenant_id) stands in the organization as it is now: the departments they are in (departments) and those they
-- lead (led_departments), each with all above it. No row for who is not there.
with recursive person as (
    select
        history.user_id,
        history.name,
        history.status,
        history.title
    from org.user_history as history
    where history.tenant_id = %(tenant_id)s
      and history.user_id = %(user_id)s
      and history.valid_to is null
),
place (department_id, is_led) as (
    select
        membership.department_id,
        coalesce(membership.is_leader, false)
        or exists (
            select from org.department_history as led
            where led.tenant_id = %(tenant_id)s
              and led.department_id = membership.department_id
              and led.valid_to is null
              and %(user_id)s = any (led.leader_user_ids)
        )
    from org.membership_history as membership
    where membership.tenant_id = %(tenant_id)s
      and membership.user_id = %(user_id)s
      and membership.valid_to is null
    union
    select
        department.parent_id,
        place.is_led
    from place
    join org.department_history as department
      on department.tenant_id = %(tenant_id)s
     and department.department_id = place.department_id
     and department.valid_to is null
    where department.parent_id is not null
)
select
    person.user_id,
    person.name,
    person.status,
    person.title,
    coalesce((select array_agg(distinct place.department_id) from place), '{}') as departments,
    coalesce((select array_agg(distinct place.department_id) from place where place.is_led), '{}') as led_departments
from person
