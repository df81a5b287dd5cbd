-- Finds the people who were there before the plan's snapshot, are not in it, and may still be there out of its sight: everybody
-- where it is not complete; else who was in a department that is out of sight, or in none.
-- %(plan_id)s: a plan whose unseen memberships are found. Run twice it fails on the key; clear_plan comes first.

insert into stage.unseen (plan_id, entity, key_1, key_2)
with snapshot as materialized (
    select
        snapshot.tenant_id,
        snapshot.taken_at,
        -- A retraction sees nothing at all.
        snapshot.is_complete and not plan.is_retraction as is_complete,
        snapshot.mode = 'targeted' as is_targeted
    from ops.plan
    join ops.snapshot using (snapshot_id)
    where plan.plan_id = %(plan_id)s
)
select
    %(plan_id)s::bigint,
    'user',
    version.user_id,
    ''
from org.user_version as version
join snapshot
  on version.tenant_id = snapshot.tenant_id
 and version.valid_from < snapshot.taken_at
 and (version.valid_to is null or version.valid_to >= snapshot.taken_at)
where (not snapshot.is_targeted or exists (
        select from stage.asked
        where asked.plan_id = %(plan_id)s
          and asked.entity = 'user'
          and asked.key_1 = version.user_id
    ))
and not exists (
    select from stage.user as staged
    where staged.plan_id = %(plan_id)s
      and staged.user_id = version.user_id
)
and (
    not snapshot.is_complete
    or exists (
        select from stage.unseen
        where unseen.plan_id = %(plan_id)s
          and unseen.entity = 'membership'
          and unseen.key_1 = version.user_id
    )
    or not exists (
        select from org.membership_version as membership
        where membership.tenant_id = version.tenant_id
          and membership.user_id = version.user_id
          and membership.valid_from < snapshot.taken_at
          and (membership.valid_to is null or membership.valid_to >= snapshot.taken_at)
    )
)
