-- What a plan of a snapshot later than all of history takes away, and how much there is.
with plan as materialized (
    select
        plan.plan_id,
        plan.tenant_id
    from ops.plan
    where plan.plan_id = %(plan_id)s
),
next_user as materialized (
    select next.user_id
    from stage.list_next_users(%(plan_id)s) as next
)
select
    (select count(*) from org.user_version where tenant_id = plan.tenant_id and valid_to is null) as users_before,
    (select count(*) from org.department_version where tenant_id = plan.tenant_id and valid_to is null) as departments_before,
    (select count(*) from org.membership_version where tenant_id = plan.tenant_id and valid_to is null) as memberships_before,
    (
        select count(*)
        from stage.affected
        join org.membership_version as held
          on held.tenant_id = plan.tenant_id
         and held.user_id = affected.key_1
         and held.department_id = affected.key_2
         and held.valid_from = affected.from_at
         and held.valid_to is null
        where affected.plan_id = plan.plan_id
          and affected.entity = 'membership'
          and not exists (
            select from stage.membership as staged
            where staged.plan_id = plan.plan_id
              and staged.user_id = affected.key_1
              and staged.department_id = affected.key_2
          )
          -- The person stays: begins here, or holds and is not touched.
          and (
            exists (select from next_user where next_user.user_id = affected.key_1)
            or exists (
                select
                from org.user_version as person
                where person.tenant_id = plan.tenant_id
                  and person.user_id = affected.key_1
                  and person.valid_to is null
                  and not exists (
                    select from stage.affected as touched
                    where touched.plan_id = plan.plan_id
                      and touched.entity = 'user'
                      and touched.key_1 = affected.key_1
                  )
            )
          )
    ) as memberships_lost
from plan
