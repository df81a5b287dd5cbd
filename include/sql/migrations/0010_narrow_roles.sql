-- Gives each role what it needs and no more, and closes what told a reader of personal values: hashes over them, and their
-- changes, which org.change kept to itself.

-- The loader. History: versions are ended and written; only a load before the newest snapshot removes some, to write them anew.
revoke all on
    org.department_version,
    org.user_version,
    org.membership_version
from orgsync_loader;
grant select, insert, delete, update (valid_to) on
    org.department_version,
    org.user_version,
    org.membership_version
to orgsync_loader;

-- What the syncs did is written and carried on, never removed.
revoke all on
    ops.snapshot,
    ops.sync_run,
    ops.plan,
    ops.quarantine,
    ops.expectation_result
from orgsync_loader;
grant select, insert, update on
    ops.snapshot,
    ops.sync_run,
    ops.plan
to orgsync_loader;
grant select, insert on
    ops.quarantine,
    ops.expectation_result
to orgsync_loader;

-- The changes of a plan are worked out anew where the plan is.
revoke all on ops.plan_change from orgsync_loader;
grant select, insert, delete on ops.plan_change to orgsync_loader;

revoke all on all tables in schema stage from orgsync_loader;
grant select, insert, delete on
    stage.department,
    stage.user,
    stage.membership,
    stage.timeline,
    stage.unseen
to orgsync_loader;
grant select, insert, update, delete on
    stage.affected,
    stage.observation
to orgsync_loader;
grant select on
    stage.version,
    stage.quarantined,
    stage.loaded,
    stage.reading
to orgsync_loader;

-- Only the owner of a table may analyze it (PostgreSQL 17 has a privilege for it, 16 has none), and without it the merge of a
-- large company is planned for empty tables. So the owner lends the loader this one deed, on the tables of this one schema.
create function stage.analyze_rows(table_name text) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    execute format('analyze stage.%I', table_name);
end
$$;

comment on function stage.analyze_rows is 'Tells the planner what a table of stage holds, as the owner of it.';

-- Functions are everybody's until someone says otherwise.
revoke execute on function
    org.departments_at(timestamptz),
    org.users_at(timestamptz),
    org.memberships_at(timestamptz),
    stage.overlay(jsonb),
    stage.analyze_rows(text)
from public;
grant execute on function
    org.departments_at(timestamptz),
    org.users_at(timestamptz),
    org.memberships_at(timestamptz)
to orgsync_reader;
grant execute on function
    stage.overlay(jsonb),
    stage.analyze_rows(text)
to orgsync_loader;

-- A plan's digest is one hash over what it changes. Where that is a single number, trying all of them finds it: it is not for readers.
revoke select on ops.plan from orgsync_reader;
grant select on ops.plan to orgsync_pii;
do $$
declare
    shown text;
begin
    select string_agg(quote_ident(attname), ', ' order by attnum)
    into shown
    from pg_attribute
    where attrelid = 'ops.plan'::regclass
      and attnum > 0
      and not attisdropped
      and attname <> 'digest';
    execute format('grant select (%s) on ops.plan to orgsync_reader', shown);
end
$$;

-- The same holds for the hash over a person's columns.
create or replace view org.user_history as
select
    version.tenant_id,
    version.user_id,
    version.union_id,
    version.open_id,
    version.name,
    version.name_en,
    version.nickname,
    case when clearance.is_given then version.mobile when version.mobile is not null then '***' end as mobile,
    case when clearance.is_given then version.email when version.email is not null then '***' end as email,
    case when clearance.is_given then version.work_email when version.work_email is not null then '***' end as work_email,
    case when clearance.is_given then version.telephone when version.telephone is not null then '***' end as telephone,
    version.gender,
    version.avatar_url,
    version.title,
    version.job_number,
    version.work_place,
    version.employee_type,
    version.hired_on,
    version.status,
    version.is_admin,
    version.manager_user_id,
    version.main_department_id,
    case when clearance.is_given then version.attributes end as attributes,
    case when clearance.is_given then version.content_hash end as content_hash,
    version.valid_from,
    version.valid_to,
    version.snapshot_id
from org.user_version as version
cross join (select pg_has_role('orgsync_pii', 'usage') as is_given) as clearance;

-- A change of a personal column is a change for everybody; only its values are not.
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
