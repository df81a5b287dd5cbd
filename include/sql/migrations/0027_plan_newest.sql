-- A snapshot that is later than all of history needs no time lines: what differs from the present ends, and what it says begins.

-- What a version holds beside its key, in order: its hash is one over the text of this row, whichever way it was worked out.

create type stage.department_content as (
    parent_id text,
    name text,
    name_en text,
    sort_order numeric,
    is_hidden boolean,
    source_identifier text,
    leader_user_ids text[],
    attributes jsonb
);

create type stage.user_content as (
    union_id text,
    open_id text,
    name text,
    name_en text,
    nickname text,
    mobile text,
    email text,
    work_email text,
    telephone text,
    gender text,
    avatar_url text,
    title text,
    job_number text,
    work_place text,
    employee_type text,
    hired_on date,
    status text,
    is_admin boolean,
    manager_user_id text,
    main_department_id text,
    attributes jsonb
);

create type stage.membership_content as (
    is_main boolean,
    is_leader boolean,
    sort_order numeric,
    title text,
    attributes jsonb
);

update org.department_version
set content_hash = md5(row(parent_id, name, name_en, sort_order, is_hidden, source_identifier, leader_user_ids, attributes)::stage.department_content::text);

update org.user_version
set content_hash = md5(row(union_id, open_id, name, name_en, nickname, mobile, email, work_email, telephone, gender, avatar_url, title, job_number, work_place, employee_type, hired_on, status, is_admin, manager_user_id, main_department_id, attributes)::stage.user_content::text);

update org.membership_version
set content_hash = md5(row(is_main, is_leader, sort_order, title, attributes)::stage.membership_content::text);

create function stage.department_differs(staged stage.department, held org.department_version, silent text[]) returns boolean
language sql immutable
as $$
    select case
        -- Most are alike wholly, which is seen sooner than column by column.
        when (staged.parent_id, staged.name, staged.name_en, staged.sort_order, staged.is_hidden, staged.source_identifier, staged.leader_user_ids, staged.attributes)
            is not distinct from (held.parent_id, held.name, held.name_en, held.sort_order, held.is_hidden, held.source_identifier, held.leader_user_ids, held.attributes) then false
        else ('parent_id' <> all (silent) and staged.parent_id is distinct from held.parent_id)
            or ('name' <> all (silent) and staged.name is distinct from held.name)
            or ('name_en' <> all (silent) and staged.name_en is distinct from held.name_en)
            or ('sort_order' <> all (silent) and staged.sort_order is distinct from held.sort_order)
            or ('is_hidden' <> all (silent) and staged.is_hidden is distinct from held.is_hidden)
            or ('source_identifier' <> all (silent) and staged.source_identifier is distinct from held.source_identifier)
            or ('leader_user_ids' <> all (silent) and staged.leader_user_ids is distinct from held.leader_user_ids)
            or ('attributes' <> all (silent) and staged.attributes is distinct from held.attributes)
    end
$$;
comment on function stage.department_differs is 'Whether a staged department says something else than a version, in columns that are not silent.';

create function stage.user_differs(staged stage.user, held org.user_version, silent text[]) returns boolean
language sql immutable
as $$
    select case
        -- Most are alike wholly, which is seen sooner than column by column.
        when (staged.union_id, staged.open_id, staged.name, staged.name_en, staged.nickname, staged.mobile, staged.email, staged.work_email, staged.telephone, staged.gender, staged.avatar_url, staged.title, staged.job_number, staged.work_place, staged.employee_type, staged.hired_on, staged.status, staged.is_admin, staged.manager_user_id, staged.main_department_id, staged.attributes)
            is not distinct from (held.union_id, held.open_id, held.name, held.name_en, held.nickname, held.mobile, held.email, held.work_email, held.telephone, held.gender, held.avatar_url, held.title, held.job_number, held.work_place, held.employee_type, held.hired_on, held.status, held.is_admin, held.manager_user_id, held.main_department_id, held.attributes) then false
        else ('union_id' <> all (silent) and staged.union_id is distinct from held.union_id)
            or ('open_id' <> all (silent) and staged.open_id is distinct from held.open_id)
            or ('name' <> all (silent) and staged.name is distinct from held.name)
            or ('name_en' <> all (silent) and staged.name_en is distinct from held.name_en)
            or ('nickname' <> all (silent) and staged.nickname is distinct from held.nickname)
            or ('mobile' <> all (silent) and staged.mobile is distinct from held.mobile)
            or ('email' <> all (silent) and staged.email is distinct from held.email)
            or ('work_email' <> all (silent) and staged.work_email is distinct from held.work_email)
            or ('telephone' <> all (silent) and staged.telephone is distinct from held.telephone)
            or ('gender' <> all (silent) and staged.gender is distinct from held.gender)
            or ('avatar_url' <> all (silent) and staged.avatar_url is distinct from held.avatar_url)
            or ('title' <> all (silent) and staged.title is distinct from held.title)
            or ('job_number' <> all (silent) and staged.job_number is distinct from held.job_number)
            or ('work_place' <> all (silent) and staged.work_place is distinct from held.work_place)
            or ('employee_type' <> all (silent) and staged.employee_type is distinct from held.employee_type)
            or ('hired_on' <> all (silent) and staged.hired_on is distinct from held.hired_on)
            or ('status' <> all (silent) and staged.status is distinct from held.status)
            or ('is_admin' <> all (silent) and staged.is_admin is distinct from held.is_admin)
            or ('manager_user_id' <> all (silent) and staged.manager_user_id is distinct from held.manager_user_id)
            or ('main_department_id' <> all (silent) and staged.main_department_id is distinct from held.main_department_id)
            or ('attributes' <> all (silent) and staged.attributes is distinct from held.attributes)
    end
$$;
comment on function stage.user_differs is 'Whether a staged user says something else than a version, in columns that are not silent.';

create function stage.membership_differs(staged stage.membership, held org.membership_version, silent text[]) returns boolean
language sql immutable
as $$
    select case
        -- Most are alike wholly, which is seen sooner than column by column.
        when (staged.is_main, staged.is_leader, staged.sort_order, staged.title, staged.attributes)
            is not distinct from (held.is_main, held.is_leader, held.sort_order, held.title, held.attributes) then false
        else ('is_main' <> all (silent) and staged.is_main is distinct from held.is_main)
            or ('is_leader' <> all (silent) and staged.is_leader is distinct from held.is_leader)
            or ('sort_order' <> all (silent) and staged.sort_order is distinct from held.sort_order)
            or ('title' <> all (silent) and staged.title is distinct from held.title)
            or ('attributes' <> all (silent) and staged.attributes is distinct from held.attributes)
    end
$$;
comment on function stage.membership_differs is 'Whether a staged membership says something else than a version, in columns that are not silent.';

create function stage.list_next_departments(wanted bigint) returns setof stage.department
language sql stable
as $$
    select staged.*
    from stage.affected
    join stage.department as staged
      on staged.plan_id = affected.plan_id
     and staged.department_id = affected.key_1
    where affected.plan_id = wanted
      and affected.entity = 'department'

    union all

    -- Back, and unreadable: what was known last.
    select
        affected.plan_id,
        earlier.department_id,
        earlier.parent_id,
        earlier.name,
        earlier.name_en,
        earlier.sort_order,
        earlier.is_hidden,
        earlier.source_identifier,
        earlier.leader_user_ids,
        earlier.attributes
    from stage.affected
    join ops.plan using (plan_id)
    join stage.quarantined using (plan_id, entity, key_1, key_2)
    join org.department_version as earlier
      on earlier.tenant_id = plan.tenant_id
     and earlier.department_id = affected.key_1
     and earlier.valid_from = affected.from_at
    where affected.plan_id = wanted
      and affected.entity = 'department'
      and not exists (
        select from stage.department as staged
        where staged.plan_id = affected.plan_id
          and staged.department_id = affected.key_1
      )
$$;
comment on function stage.list_next_departments is 'What begins with a plan of a snapshot that is later than all of history.';

create function stage.list_next_users(wanted bigint) returns setof stage.user
language sql stable
as $$
    select staged.*
    from stage.affected
    join stage.user as staged
      on staged.plan_id = affected.plan_id
     and staged.user_id = affected.key_1
    where affected.plan_id = wanted
      and affected.entity = 'user'

    union all

    -- Back, and unreadable: what was known last.
    select
        affected.plan_id,
        earlier.user_id,
        earlier.union_id,
        earlier.open_id,
        earlier.name,
        earlier.name_en,
        earlier.nickname,
        earlier.mobile,
        earlier.email,
        earlier.work_email,
        earlier.telephone,
        earlier.gender,
        earlier.avatar_url,
        earlier.title,
        earlier.job_number,
        earlier.work_place,
        earlier.employee_type,
        earlier.hired_on,
        earlier.status,
        earlier.is_admin,
        earlier.manager_user_id,
        earlier.main_department_id,
        earlier.attributes
    from stage.affected
    join ops.plan using (plan_id)
    join stage.quarantined using (plan_id, entity, key_1, key_2)
    join org.user_version as earlier
      on earlier.tenant_id = plan.tenant_id
     and earlier.user_id = affected.key_1
     and earlier.valid_from = affected.from_at
    where affected.plan_id = wanted
      and affected.entity = 'user'
      and not exists (
        select from stage.user as staged
        where staged.plan_id = affected.plan_id
          and staged.user_id = affected.key_1
      )
$$;
comment on function stage.list_next_users is 'What begins with a plan of a snapshot that is later than all of history.';

create function stage.list_next_memberships(wanted bigint) returns setof stage.membership
language sql stable
as $$
    select staged.*
    from stage.affected
    join stage.membership as staged
      on staged.plan_id = affected.plan_id
     and staged.user_id = affected.key_1
     and staged.department_id = affected.key_2
    where affected.plan_id = wanted
      and affected.entity = 'membership'

    union all

    -- Back, and unreadable: what was known last.
    select
        affected.plan_id,
        earlier.user_id,
        earlier.department_id,
        earlier.is_main,
        earlier.is_leader,
        earlier.sort_order,
        earlier.title,
        earlier.attributes
    from stage.affected
    join ops.plan using (plan_id)
    join stage.quarantined using (plan_id, entity, key_1, key_2)
    join org.membership_version as earlier
      on earlier.tenant_id = plan.tenant_id
     and earlier.user_id = affected.key_1
     and earlier.department_id = affected.key_2
     and earlier.valid_from = affected.from_at
    where affected.plan_id = wanted
      and affected.entity = 'membership'
      and not exists (
        select from stage.membership as staged
        where staged.plan_id = affected.plan_id
          and staged.user_id = affected.key_1
          and staged.department_id = affected.key_2
      )
$$;
comment on function stage.list_next_memberships is 'What begins with a plan of a snapshot that is later than all of history.';

create function stage.list_user_differences(earlier org.user_version, later stage.user)
returns table (column_name text, value_from text, value_to text)
language sql immutable
as $$
    select difference.column_name, difference.value_from, difference.value_to
    from (values
        ('union_id', (earlier.union_id)::text, (later.union_id)::text),
        ('open_id', (earlier.open_id)::text, (later.open_id)::text),
        ('name', (earlier.name)::text, (later.name)::text),
        ('name_en', (earlier.name_en)::text, (later.name_en)::text),
        ('nickname', (earlier.nickname)::text, (later.nickname)::text),
        ('mobile', (earlier.mobile)::text, (later.mobile)::text),
        ('email', (earlier.email)::text, (later.email)::text),
        ('work_email', (earlier.work_email)::text, (later.work_email)::text),
        ('telephone', (earlier.telephone)::text, (later.telephone)::text),
        ('gender', (earlier.gender)::text, (later.gender)::text),
        ('avatar_url', (earlier.avatar_url)::text, (later.avatar_url)::text),
        ('title', (earlier.title)::text, (later.title)::text),
        ('job_number', (earlier.job_number)::text, (later.job_number)::text),
        ('work_place', (earlier.work_place)::text, (later.work_place)::text),
        ('employee_type', (earlier.employee_type)::text, (later.employee_type)::text),
        ('hired_on', (earlier.hired_on)::text, (later.hired_on)::text),
        ('status', (earlier.status)::text, (later.status)::text),
        ('is_admin', (earlier.is_admin)::text, (later.is_admin)::text),
        ('manager_user_id', (earlier.manager_user_id)::text, (later.manager_user_id)::text),
        ('main_department_id', (earlier.main_department_id)::text, (later.main_department_id)::text),
        ('attributes', (earlier.attributes)::text, (later.attributes)::text)
    ) as difference (column_name, value_from, value_to)
    where difference.value_from is distinct from difference.value_to
$$;
comment on function stage.list_user_differences is 'The columns in which two versions differ, as org.change tells them to whoever may see everything.';

create function stage.list_department_differences(earlier org.department_version, later stage.department)
returns table (column_name text, value_from text, value_to text)
language sql immutable
as $$
    select difference.column_name, difference.value_from, difference.value_to
    from (values
        ('parent_id', (earlier.parent_id)::text, (later.parent_id)::text),
        ('name', (earlier.name)::text, (later.name)::text),
        ('name_en', (earlier.name_en)::text, (later.name_en)::text),
        ('sort_order', (earlier.sort_order)::text, (later.sort_order)::text),
        ('is_hidden', (earlier.is_hidden)::text, (later.is_hidden)::text),
        ('source_identifier', (earlier.source_identifier)::text, (later.source_identifier)::text),
        ('leader_user_ids', (earlier.leader_user_ids)::text, (later.leader_user_ids)::text),
        ('attributes', (earlier.attributes)::text, (later.attributes)::text)
    ) as difference (column_name, value_from, value_to)
    where difference.value_from is distinct from difference.value_to
$$;
comment on function stage.list_department_differences is 'The columns in which two versions differ, as org.change tells them to whoever may see everything.';

revoke execute on all functions in schema stage from public;
grant execute on all functions in schema stage to orgsync_loader;
-- A staged row is completed with what was known of columns that a snapshot does not tell.
grant update on stage.department, stage.user, stage.membership to orgsync_loader;

-- Of a large first load, a third of what writing a row costs was to look for its snapshot, or its plan, once more: the statements that write
-- read both from there. The other half of the references stays: nothing that is referred to is removed, and a plan's changes go with it.
alter table org.department_version drop constraint department_version_snapshot_id_fkey;
alter table org.user_version drop constraint user_version_snapshot_id_fkey;
alter table org.membership_version drop constraint membership_version_snapshot_id_fkey;
alter table ops.plan_change drop constraint plan_change_plan_id_fkey;

create function ops.keep_snapshot_of_history() returns trigger
language plpgsql
as $$
begin
    if exists (select from org.department_version where snapshot_id = old.snapshot_id)
        or exists (select from org.user_version where snapshot_id = old.snapshot_id)
        or exists (select from org.membership_version where snapshot_id = old.snapshot_id)
    then
        raise foreign_key_violation using message = format('history refers to snapshot %s', old.snapshot_id);
    end if;
    return coalesce(new, old);
end
$$;

create trigger snapshot_of_history_stays before delete or update of snapshot_id on ops.snapshot
for each row execute function ops.keep_snapshot_of_history();

create function ops.remove_plan_changes() returns trigger
language plpgsql
as $$
begin
    delete from ops.plan_change where plan_id = old.plan_id;
    return old;
end
$$;

create trigger plan_changes_go after delete on ops.plan
for each row execute function ops.remove_plan_changes();

revoke execute on function ops.keep_snapshot_of_history(), ops.remove_plan_changes() from public;

-- Statistics after a load of 1 % would cost more than the load: they are made where a load makes a good part of what there is.
drop function stage.analyze_history();
create function stage.analyze_history(rows_written bigint) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if 5 * rows_written > (
        select sum(greatest(reltuples, 0))
        from pg_class
        where oid in ('org.department_version'::regclass, 'org.user_version'::regclass, 'org.membership_version'::regclass)
    ) then
        analyze org.department_version, org.user_version, org.membership_version;
    end if;
end
$$;
comment on function stage.analyze_history is 'Tells the planner what history holds, as the owner of its tables, where a load has written a good part of it.';

revoke execute on function stage.analyze_history(bigint) from public;
grant execute on function stage.analyze_history(bigint) to orgsync_loader;

-- No key is found twice, for each table is compared once; to see that of each row costs more than to find it.
alter table stage.affected drop constraint affected_pkey;
create index affected_by_plan on stage.affected (plan_id, entity);
