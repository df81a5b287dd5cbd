-- Finds the departments about whom the plan's snapshot says something else than history does at its instant.
-- %(plan_id)s: a plan whose rows are staged. Run twice it fails on the key; clear_plan comes first.

insert into stage.affected (plan_id, entity, key_1, key_2, from_at, until_at)
with reading as materialized (
    select reading.*
    from stage.reading
    where reading.plan_id = %(plan_id)s
      and reading.entity = 'department'
),
staged as (
    select staged.*
    from stage.department as staged
    where staged.plan_id = %(plan_id)s
),
held as (
    select version.*
    from org.department_version as version
    join reading
      on version.tenant_id = reading.tenant_id
     and version.valid_from <= reading.taken_at
     and (version.valid_to is null or version.valid_to > reading.taken_at)
    where not reading.is_targeted
       or exists (
        select from stage.asked
        where asked.plan_id = reading.plan_id
          and asked.entity = reading.entity
          and asked.key_1 = version.department_id
    )
),
quarantined as (
    select
        quarantined.key_1 as department_id
    from stage.quarantined
    where quarantined.plan_id = %(plan_id)s
      and quarantined.entity = 'department'
),
unread as (
    select
        unread.key_1 as department_id,
        unread.columns
    from stage.unread
    where unread.plan_id = %(plan_id)s
      and unread.entity = 'department'
)
select
    reading.plan_id,
    reading.entity,
    coalesce(staged.department_id, held.department_id, quarantined.department_id),
    '',
    reading.taken_at,
    'infinity'
from staged
full join held using (department_id)
full join quarantined using (department_id)
left join unread using (department_id)
cross join reading
cross join lateral (select reading.unobserved || coalesce(unread.columns, '{}') as columns) as silent
where case
    -- There, but unreadable: it may be back after a gap, or be read anew as unreadable.
    when quarantined.department_id is not null then held.department_id is null or held.valid_from = reading.taken_at
    when staged.department_id is null or held.department_id is null then true
    -- Read anew with columns left out: what the replaced reading said of them must go.
    when held.valid_from = reading.taken_at and silent.columns <> '{}' then true
    else stage.department_differs(row(staged.*)::stage.department, row(held.*)::org.department_version, silent.columns)
end
