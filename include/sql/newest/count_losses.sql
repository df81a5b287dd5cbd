-- What a plan of a snapshot later than all of history takes away, and how much there is.
with plan as materialized (
    select
        plan.plan_id,
        plan.tenant_id
    from ops.plan
    where plan.plan_id = %(plan_id)s
),
touched as materialized (
    select affected.key_1 as user_id
    from stage.affected
    where affected.plan_id = %(plan_id)s
      and affected.entity = 'user'
),
next_user as materialized (
    select next.user_id
    from stage.list_next_users(%(plan_id)s) as next
),
lost as materialized (
    select held.user_id
    from plan
    join stage.affected
      on affected.plan_id = plan.plan_id
     and affected.entity = 'membership'
    join org.membership_version as held
      on held.tenant_id = plan.tenant_id
     and held.user_id = affected.key_1
     and held.department_id = affected.key_2
     and held.valid_from = affected.from_at
     and held.valid_to is null
    left join stage.membership as staged
      on staged.plan_id = %(plan_id)s
     and staged.user_id = affected.key_1
     and staged.department_id = affected.key_2
    where staged.user_id is null
)
select
    (select count(*) from org.user_version where tenant_id = plan.tenant_id and valid_to is null) as users_before,
    (select count(*) from org.department_version where tenant_id = plan.tenant_id and valid_to is null) as departments_before,
    (select count(*) from org.membership_version where tenant_id = plan.tenant_id and valid_to is null) as memberships_before,
    (
        -- Of who stays: begins here, or holds and is not touched.
        select count(*)
        from lost
        left join next_user using (user_id)
        left join touched using (user_id)
        left join org.user_version as person
          on person.tenant_id = plan.tenant_id
         and person.user_id = lost.user_id
         and person.valid_to is null
        where next_user.user_id is not null
           or (person.user_id is not null and touched.user_id is null)
    ) as memberships_lost
from plan
