-- Names beside ids: a wide view of people for reports, what the ends of a change were called, and where in the company it happened.

-- One row for each person, with their main department written out. Where the platform tells none (DingTalk mostly), it is the one of their
-- departments whose id comes first, so that everybody who is in a department is counted in exactly one.
create view org.people as
select
    person.tenant_id,
    person.user_id,
    person.name,
    person.title,
    person.status,
    tree.department_id as main_department_id,
    tree.name as main_department_name,
    array_to_string(tree.path_names, ' / ') as main_department_path,
    tree.path_ids as main_department_path_ids,
    home.department_ids,
    person.manager_user_id,
    manager.name as manager_name,
    person.name_en,
    person.nickname,
    person.mobile,
    person.email,
    person.work_email,
    person.telephone,
    person.gender,
    person.avatar_url,
    person.job_number,
    person.work_place,
    person.employee_type,
    person.hired_on,
    person.is_admin,
    person.union_id,
    person.open_id,
    person.attributes,
    person.valid_from
from org.users as person
-- For each by itself, through an index: joined as a whole, it takes minutes where the server has no statistics yet, after a first load.
left join lateral (
    select
        (array_agg(membership.department_id order by membership.is_main desc nulls last, membership.department_id))[1] as main_id,
        array_agg(membership.department_id order by membership.department_id) as department_ids
    from org.memberships as membership
    where membership.tenant_id = person.tenant_id
      and membership.user_id = person.user_id
) as home on true
left join org.department_tree as tree
  on tree.tenant_id = person.tenant_id
 and tree.department_id = coalesce(person.main_department_id, home.main_id)
left join org.users as manager
  on manager.tenant_id = person.tenant_id
 and manager.user_id = person.manager_user_id;

comment on view org.people is 'The people who are there now, one row each: org.users with their main department and manager by name.';

grant select on org.people to orgsync_reader, orgsync_audience;

-- As before, and what the person or department is called, and what the ids that a change goes from and to were called then.
create or replace view org.change as
select
    md5(concat_ws('|', change.tenant_id, extract(epoch from change.changed_at), change.entity, change.kind,
        change.user_id, change.department_id, change.column_name)) as change_id,
    change.tenant_id,
    change.changed_at,
    change.kind,
    change.entity,
    change.user_id,
    change.department_id,
    change.column_name,
    change.value_from,
    change.value_to,
    snapshot.snapshot_id,
    case change.entity
        when 'user' then (
            select version.name
            from org.user_version as version
            where version.tenant_id = change.tenant_id
              and version.user_id = change.user_id
              and version.valid_from <= change.changed_at
              and (version.valid_to is null or version.valid_to >= change.changed_at)
            order by version.valid_from desc
            limit 1
        )
        else (
            select version.name
            from org.department_version as version
            where version.tenant_id = change.tenant_id
              and version.department_id = change.department_id
              and version.valid_from <= change.changed_at
              and (version.valid_to is null or version.valid_to >= change.changed_at)
            order by version.valid_from desc
            limit 1
        )
    end as name,
    case
        when change.column_name in ('department_ids', 'parent_id', 'main_department_id') then (
            select string_agg(coalesce(version.name, mentioned.id), ', ' order by mentioned.place)
            from unnest(string_to_array(change.value_from, ',')) with ordinality as mentioned (id, place)
            left join org.department_version as version
              on version.tenant_id = change.tenant_id
             and version.department_id = mentioned.id
             and version.valid_from < change.changed_at
             and (version.valid_to is null or version.valid_to >= change.changed_at)
        )
        when change.column_name in ('manager_user_id', 'leader_user_ids') then (
            select string_agg(coalesce(version.name, mentioned.id), ', ' order by mentioned.place)
            from unnest(case change.column_name when 'leader_user_ids' then change.value_from::text[] else array[change.value_from] end)
                with ordinality as mentioned (id, place)
            left join org.user_version as version
              on version.tenant_id = change.tenant_id
             and version.user_id = mentioned.id
             and version.valid_from < change.changed_at
             and (version.valid_to is null or version.valid_to >= change.changed_at)
        )
    end as names_from,
    case
        when change.column_name in ('department_ids', 'parent_id', 'main_department_id') then (
            select string_agg(coalesce(version.name, mentioned.id), ', ' order by mentioned.place)
            from unnest(string_to_array(change.value_to, ',')) with ordinality as mentioned (id, place)
            left join org.department_version as version
              on version.tenant_id = change.tenant_id
             and version.department_id = mentioned.id
             and version.valid_from <= change.changed_at
             and (version.valid_to is null or version.valid_to > change.changed_at)
        )
        when change.column_name in ('manager_user_id', 'leader_user_ids') then (
            select string_agg(coalesce(version.name, mentioned.id), ', ' order by mentioned.place)
            from unnest(case change.column_name when 'leader_user_ids' then change.value_to::text[] else array[change.value_to] end)
                with ordinality as mentioned (id, place)
            left join org.user_version as version
              on version.tenant_id = change.tenant_id
             and version.user_id = mentioned.id
             and version.valid_from <= change.changed_at
             and (version.valid_to is null or version.valid_to > change.changed_at)
        )
    end as names_to
from (

-- Joined: the first version; returned: the first after a gap.
select
    version.tenant_id,
    version.valid_from as changed_at,
    case when exists (
        select from org.user_version as earlier
        where earlier.tenant_id = version.tenant_id
          and earlier.user_id = version.user_id
          and earlier.valid_from < version.valid_from
    ) then 'returned' else 'joined' end as kind,
    'user' as entity,
    version.user_id as user_id,
    null as department_id,
    null as column_name,
    null as value_from,
    version.name as value_to
from org.user_version as version
where not exists (
    select from org.user_version as earlier
    where earlier.tenant_id = version.tenant_id
      and earlier.user_id = version.user_id
      and earlier.valid_to = version.valid_from
)

union all

-- Left: a version that ends with none after it.
select
    version.tenant_id,
    version.valid_to as changed_at,
    'left' as kind,
    'user' as entity,
    version.user_id as user_id,
    null as department_id,
    null as column_name,
    version.name as value_from,
    null as value_to
from org.user_version as version
where version.valid_to is not null
  and not exists (
    select from org.user_version as later
    where later.tenant_id = version.tenant_id
      and later.user_id = version.user_id
      and later.valid_from = version.valid_to
)

union all

-- Someone whose set of departments changed while staying.
select
    shift.tenant_id,
    shift.changed_at,
    'moved' as kind,
    'user' as entity,
    shift.user_id,
    null as department_id,
    'department_ids' as column_name,
    (
        select string_agg(membership.department_id, ',' order by membership.department_id)
        from org.membership_version as membership
        where membership.tenant_id = shift.tenant_id
          and membership.user_id = shift.user_id
          and membership.valid_from < shift.changed_at
          and (membership.valid_to is null or membership.valid_to >= shift.changed_at)
    ) as value_from,
    (
        select string_agg(membership.department_id, ',' order by membership.department_id)
        from org.membership_version as membership
        where membership.tenant_id = shift.tenant_id
          and membership.user_id = shift.user_id
          and membership.valid_from <= shift.changed_at
          and (membership.valid_to is null or membership.valid_to > shift.changed_at)
    ) as value_to
from (
    select version.tenant_id, version.user_id, version.valid_from as changed_at
    from org.membership_version as version
    where not exists (
        select from org.membership_version as earlier
        where earlier.tenant_id = version.tenant_id
          and earlier.user_id = version.user_id
          and earlier.department_id = version.department_id
          and earlier.valid_to = version.valid_from
    )
    union
    select version.tenant_id, version.user_id, version.valid_to as changed_at
    from org.membership_version as version
    where version.valid_to is not null
      and not exists (
        select from org.membership_version as later
        where later.tenant_id = version.tenant_id
          and later.user_id = version.user_id
          and later.department_id = version.department_id
          and later.valid_from = version.valid_to
    )
) as shift
where exists (
    select from org.user_version as before
    where before.tenant_id = shift.tenant_id
      and before.user_id = shift.user_id
      and before.valid_from < shift.changed_at
      and (before.valid_to is null or before.valid_to >= shift.changed_at)
)
and exists (
    select from org.user_version as after
    where after.tenant_id = shift.tenant_id
      and after.user_id = shift.user_id
      and after.valid_from <= shift.changed_at
      and (after.valid_to is null or after.valid_to > shift.changed_at)
)

union all

-- Renamed and updated: two versions that touch, compared column by column, and only then masked.
select
    version.tenant_id,
    version.valid_from as changed_at,
    case difference.column_name when 'name' then 'renamed' else 'updated' end as kind,
    'user' as entity,
    version.user_id as user_id,
    null as department_id,
    difference.column_name,
    case when difference.is_shown then difference.value_from when difference.value_from is not null then '***' end as value_from,
    case when difference.is_shown then difference.value_to when difference.value_to is not null then '***' end as value_to
from org.user_version as version
join org.user_version as earlier
  on earlier.tenant_id = version.tenant_id
 and earlier.user_id = version.user_id
 and earlier.valid_to = version.valid_from
cross join (select pg_has_role('orgsync_pii', 'usage') as is_given) as clearance
cross join lateral (
    values
        ('union_id', earlier.union_id::text, version.union_id::text, true),
        ('open_id', earlier.open_id::text, version.open_id::text, true),
        ('name', earlier.name::text, version.name::text, true),
        ('name_en', earlier.name_en::text, version.name_en::text, true),
        ('nickname', earlier.nickname::text, version.nickname::text, true),
        ('mobile', earlier.mobile::text, version.mobile::text, clearance.is_given),
        ('email', earlier.email::text, version.email::text, clearance.is_given),
        ('work_email', earlier.work_email::text, version.work_email::text, clearance.is_given),
        ('telephone', earlier.telephone::text, version.telephone::text, clearance.is_given),
        ('gender', earlier.gender::text, version.gender::text, true),
        ('avatar_url', earlier.avatar_url::text, version.avatar_url::text, true),
        ('title', earlier.title::text, version.title::text, true),
        ('job_number', earlier.job_number::text, version.job_number::text, true),
        ('work_place', earlier.work_place::text, version.work_place::text, true),
        ('employee_type', earlier.employee_type::text, version.employee_type::text, true),
        ('hired_on', earlier.hired_on::text, version.hired_on::text, true),
        ('status', earlier.status::text, version.status::text, true),
        ('is_admin', earlier.is_admin::text, version.is_admin::text, true),
        ('manager_user_id', earlier.manager_user_id::text, version.manager_user_id::text, true),
        ('main_department_id', earlier.main_department_id::text, version.main_department_id::text, true),
        ('attributes', earlier.attributes::text, version.attributes::text, clearance.is_given)
) as difference (column_name, value_from, value_to, is_shown)
where difference.value_from is distinct from difference.value_to

union all

select
    version.tenant_id,
    version.valid_from as changed_at,
    case when exists (
        select from org.department_version as earlier
        where earlier.tenant_id = version.tenant_id
          and earlier.department_id = version.department_id
          and earlier.valid_from < version.valid_from
    ) then 'returned' else 'created' end as kind,
    'department' as entity,
    null as user_id,
    version.department_id as department_id,
    null as column_name,
    null as value_from,
    version.name as value_to
from org.department_version as version
where not exists (
    select from org.department_version as earlier
    where earlier.tenant_id = version.tenant_id
      and earlier.department_id = version.department_id
      and earlier.valid_to = version.valid_from
)

union all

select
    version.tenant_id,
    version.valid_to as changed_at,
    'removed' as kind,
    'department' as entity,
    null as user_id,
    version.department_id as department_id,
    null as column_name,
    version.name as value_from,
    null as value_to
from org.department_version as version
where version.valid_to is not null
  and not exists (
    select from org.department_version as later
    where later.tenant_id = version.tenant_id
      and later.department_id = version.department_id
      and later.valid_from = version.valid_to
)

union all

select
    version.tenant_id,
    version.valid_from as changed_at,
    case difference.column_name when 'name' then 'renamed' when 'parent_id' then 'moved' else 'updated' end as kind,
    'department' as entity,
    null as user_id,
    version.department_id as department_id,
    difference.column_name,
    difference.value_from,
    difference.value_to
from org.department_history as version
join org.department_history as earlier
  on earlier.tenant_id = version.tenant_id
 and earlier.department_id = version.department_id
 and earlier.valid_to = version.valid_from
cross join lateral (
    values
        ('parent_id', earlier.parent_id::text, version.parent_id::text),
        ('name', earlier.name::text, version.name::text),
        ('name_en', earlier.name_en::text, version.name_en::text),
        ('sort_order', earlier.sort_order::text, version.sort_order::text),
        ('is_hidden', earlier.is_hidden::text, version.is_hidden::text),
        ('source_identifier', earlier.source_identifier::text, version.source_identifier::text),
        ('leader_user_ids', earlier.leader_user_ids::text, version.leader_user_ids::text),
        ('attributes', earlier.attributes::text, version.attributes::text)
) as difference (column_name, value_from, value_to)
where difference.value_from is distinct from difference.value_to

) as change
join ops.snapshot as snapshot
  on snapshot.tenant_id = change.tenant_id
 and snapshot.taken_at = change.changed_at;

alter table ops.plan_change
    add column name text,
    add column names_from text,
    add column names_to text,
    add column department_path text;

comment on column ops.plan_change.department_path is
    'The way from the top to the department, or to the main one of the person, as the plan leaves the company; of what goes, where it was.';
