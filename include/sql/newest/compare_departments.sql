-- Finds the departments about whom a snapshot that is later than all of history says something else than what holds. from_at is where
-- the last version of the department begins, or the snapshot's instant where there is none.
-- %(plan_id)s: a plan whose rows are staged. Run twice it doubles the rows; clear_plan comes first.

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
    where version.tenant_id = (select reading.tenant_id from reading)
      and version.valid_to is null
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
    key.key_1,
    key.key_2,
    coalesce(held.valid_from, earlier.valid_from, reading.taken_at),
    'infinity'
from staged
full join held using (department_id)
full join quarantined using (department_id)
left join unread using (department_id)
cross join reading
cross join lateral (select reading.unobserved || coalesce(unread.columns, '{}') as columns) as silent
cross join lateral (select coalesce(staged.department_id, held.department_id, quarantined.department_id) as key_1, '' as key_2) as key
left join lateral (
    select max(version.valid_from) as valid_from
    from org.department_version as version
    where version.tenant_id = reading.tenant_id
      and version.department_id = key.key_1
) as earlier on held.department_id is null
where case
    -- There, but unreadable: it may be back after a gap.
    when quarantined.department_id is not null then held.department_id is null
    when staged.department_id is null or held.department_id is null then true
    -- Most are alike wholly, which is seen sooner than column by column.
    when (staged.parent_id, staged.name, staged.name_en, staged.sort_order, staged.is_hidden, staged.source_identifier, staged.leader_user_ids, staged.attributes)
        is not distinct from (held.parent_id, held.name, held.name_en, held.sort_order, held.is_hidden, held.source_identifier, held.leader_user_ids, held.attributes) then false
    else ('parent_id' <> all (silent.columns) and staged.parent_id is distinct from held.parent_id)
        or ('name' <> all (silent.columns) and staged.name is distinct from held.name)
        or ('name_en' <> all (silent.columns) and staged.name_en is distinct from held.name_en)
        or ('sort_order' <> all (silent.columns) and staged.sort_order is distinct from held.sort_order)
        or ('is_hidden' <> all (silent.columns) and staged.is_hidden is distinct from held.is_hidden)
        or ('source_identifier' <> all (silent.columns) and staged.source_identifier is distinct from held.source_identifier)
        or ('leader_user_ids' <> all (silent.columns) and staged.leader_user_ids is distinct from held.leader_user_ids)
        or ('attributes' <> all (silent.columns) and staged.attributes is distinct from held.attributes)
end
