-- Who joined, left, moved and so on: read off the versions at each call, so it too does not depend on the order of loads.
-- Asked for one tenant and instant it reads only the versions that begin or end there.

create view org.change as
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
    snapshot.snapshot_id
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

-- Renamed and updated: two versions that touch, compared column by column.
select
    version.tenant_id,
    version.valid_from as changed_at,
    case difference.column_name when 'name' then 'renamed' else 'updated' end as kind,
    'user' as entity,
    version.user_id as user_id,
    null as department_id,
    difference.column_name,
    difference.value_from,
    difference.value_to
from org.user_history as version
join org.user_history as earlier
  on earlier.tenant_id = version.tenant_id
 and earlier.user_id = version.user_id
 and earlier.valid_to = version.valid_from
cross join lateral (
    values
        ('union_id', earlier.union_id::text, version.union_id::text),
        ('open_id', earlier.open_id::text, version.open_id::text),
        ('name', earlier.name::text, version.name::text),
        ('name_en', earlier.name_en::text, version.name_en::text),
        ('nickname', earlier.nickname::text, version.nickname::text),
        ('mobile', earlier.mobile::text, version.mobile::text),
        ('email', earlier.email::text, version.email::text),
        ('work_email', earlier.work_email::text, version.work_email::text),
        ('telephone', earlier.telephone::text, version.telephone::text),
        ('gender', earlier.gender::text, version.gender::text),
        ('avatar_url', earlier.avatar_url::text, version.avatar_url::text),
        ('title', earlier.title::text, version.title::text),
        ('job_number', earlier.job_number::text, version.job_number::text),
        ('work_place', earlier.work_place::text, version.work_place::text),
        ('employee_type', earlier.employee_type::text, version.employee_type::text),
        ('hired_on', earlier.hired_on::text, version.hired_on::text),
        ('status', earlier.status::text, version.status::text),
        ('is_admin', earlier.is_admin::text, version.is_admin::text),
        ('manager_user_id', earlier.manager_user_id::text, version.manager_user_id::text),
        ('main_department_id', earlier.main_department_id::text, version.main_department_id::text),
        ('attributes', earlier.attributes::text, version.attributes::text)
) as difference (column_name, value_from, value_to)
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

comment on view org.change is 'One row for each person or department that joined, left, returned, moved, was renamed or updated.';

grant select on org.change to orgsync_reader;
