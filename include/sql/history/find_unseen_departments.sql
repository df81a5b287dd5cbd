-- Finds the departments that were there before the plan's snapshot, are not in it, and may still be there out of its sight:
-- all of them where it is not complete; else those below nothing that it shows, as when the visible range shrank.
-- A department is removed, and not out of sight, if one above it is shown.
-- %(plan_id)s: a plan whose rows are staged. Run twice it fails on the key; clear_plan comes first.

insert into stage.unseen (plan_id, entity, key_1, key_2)
with recursive snapshot as materialized (
    select
        snapshot.tenant_id,
        snapshot.taken_at,
        -- A retraction sees nothing at all.
        snapshot.is_complete and not plan.is_retraction as is_complete,
        snapshot.mode = 'targeted' as is_targeted
    from ops.plan
    join ops.snapshot using (snapshot_id)
    where plan.plan_id = %(plan_id)s
),
before as materialized (
    select
        version.department_id,
        version.parent_id
    from org.department_version as version
    join snapshot
      on version.tenant_id = snapshot.tenant_id
     and version.valid_from < snapshot.taken_at
     and (version.valid_to is null or version.valid_to >= snapshot.taken_at)
    -- Of a targeted read only what it asked for.
    where not snapshot.is_targeted
       or exists (
        select from stage.asked
        where asked.plan_id = %(plan_id)s
          and asked.entity = 'department'
          and asked.key_1 = version.department_id
    )
),
shown as materialized (
    select department_id
    from stage.department
    where plan_id = %(plan_id)s
    union
    select department_id
    from ops.quarantine
    where plan_id = %(plan_id)s
      and entity = 'department'
      and department_id is not null
),
climb (department_id, ancestor_id) as (
    select
        before.department_id,
        before.parent_id
    from before
    where not exists (select from shown where shown.department_id = before.department_id)

    union

    select
        climb.department_id,
        before.parent_id
    from climb
    join before on before.department_id = climb.ancestor_id
    where not exists (select from shown where shown.department_id = climb.ancestor_id)
)
select distinct
    %(plan_id)s::bigint,
    'department',
    climb.department_id,
    ''
from climb
cross join snapshot
where not snapshot.is_complete
   or not exists (
    select
    from climb as way
    join shown on shown.department_id = way.ancestor_id
    where way.department_id = climb.department_id
)
