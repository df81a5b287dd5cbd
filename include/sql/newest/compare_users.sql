-- Finds the users about whom a snapshot that is later than all of history says something else than what holds. from_at is where
-- the last version of the user begins, or the snapshot's instant where there is none.
-- %(plan_id)s: a plan whose rows are staged. Run twice it doubles the rows; clear_plan comes first.

insert into stage.affected (plan_id, entity, key_1, key_2, from_at, until_at)
with reading as materialized (
    select reading.*
    from stage.reading
    where reading.plan_id = %(plan_id)s
      and reading.entity = 'user'
),
staged as (
    select staged.*
    from stage.user as staged
    where staged.plan_id = %(plan_id)s
),
held as (
    select version.*
    from org.user_version as version
    where version.tenant_id = (select reading.tenant_id from reading)
      and version.valid_to is null
      and (select not reading.is_targeted from reading)

    union all

    select version.*
    from stage.asked
    join org.user_version as version
      on version.tenant_id = (select reading.tenant_id from reading)
     and version.user_id = asked.key_1
     and version.valid_to is null
    where asked.plan_id = %(plan_id)s
      and asked.entity = 'user'
),
quarantined as (
    select
        quarantined.key_1 as user_id
    from stage.quarantined
    where quarantined.plan_id = %(plan_id)s
      and quarantined.entity = 'user'
),
unread as (
    select
        unread.key_1 as user_id,
        unread.columns
    from stage.unread
    where unread.plan_id = %(plan_id)s
      and unread.entity = 'user'
)
select
    reading.plan_id,
    reading.entity,
    key.key_1,
    key.key_2,
    coalesce(held.valid_from, earlier.valid_from, reading.taken_at),
    'infinity'
from staged
full join held using (user_id)
full join quarantined using (user_id)
left join unread using (user_id)
cross join reading
cross join lateral (select reading.unobserved || coalesce(unread.columns, '{}') as columns) as silent
cross join lateral (select coalesce(staged.user_id, held.user_id, quarantined.user_id) as key_1, '' as key_2) as key
left join lateral (
    select max(version.valid_from) as valid_from
    from org.user_version as version
    where version.tenant_id = reading.tenant_id
      and version.user_id = key.key_1
) as earlier on held.user_id is null
where case
    -- There, but unreadable: it may be back after a gap.
    when quarantined.user_id is not null then held.user_id is null
    when staged.user_id is null or held.user_id is null then true
    else stage.user_differs(row(staged.*)::stage.user, row(held.*)::org.user_version, silent.columns)
end
