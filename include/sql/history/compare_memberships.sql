-- Finds the memberships about whom the plan's snapshot says something else than history does at its instant.
-- %(plan_id)s: a plan whose rows are staged. Run twice it fails on the key; clear_plan comes first.

insert into stage.affected (plan_id, entity, key_1, key_2, from_at, until_at)
with reading as materialized (
    select reading.*
    from stage.reading
    where reading.plan_id = %(plan_id)s
      and reading.entity = 'membership'
),
staged as (
    select staged.*
    from stage.membership as staged
    where staged.plan_id = %(plan_id)s
),
held as (
    select version.*
    from org.membership_version as version
    join reading
      on version.tenant_id = reading.tenant_id
     and version.valid_from <= reading.taken_at
     and (version.valid_to is null or version.valid_to > reading.taken_at)
    where not reading.is_targeted
       or exists (
        select from stage.asked
        where asked.plan_id = reading.plan_id
          and asked.entity = reading.entity
          and asked.key_1 = version.user_id
    )
),
quarantined as (
    select
        quarantined.key_1 as user_id,
        quarantined.key_2 as department_id
    from stage.quarantined
    where quarantined.plan_id = %(plan_id)s
      and quarantined.entity = 'membership'
),
unread as (
    select
        unread.key_1 as user_id,
        unread.key_2 as department_id,
        unread.columns
    from stage.unread
    where unread.plan_id = %(plan_id)s
      and unread.entity = 'membership'
)
select
    reading.plan_id,
    reading.entity,
    coalesce(staged.user_id, held.user_id, quarantined.user_id),
    coalesce(staged.department_id, held.department_id, quarantined.department_id),
    reading.taken_at,
    'infinity'
from staged
full join held using (user_id, department_id)
full join quarantined using (user_id, department_id)
left join unread using (user_id, department_id)
cross join reading
cross join lateral (select reading.unobserved || coalesce(unread.columns, '{}') as columns) as silent
where case
    -- There, but unreadable: it may be back after a gap, or be read anew as unreadable.
    when quarantined.user_id is not null then held.user_id is null or held.valid_from = reading.taken_at
    when staged.user_id is null or held.user_id is null then true
    -- Read anew with columns left out: what the replaced reading said of them must go.
    when held.valid_from = reading.taken_at and silent.columns <> '{}' then true
    else stage.membership_differs(row(staged.*)::stage.membership, row(held.*)::org.membership_version, silent.columns)
end
