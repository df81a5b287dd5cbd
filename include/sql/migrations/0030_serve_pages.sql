-- What the pages ask: how many people were where at any time, who is found by what, what a plan changes without personal values; and who looked
-- at or did what there.

-- The pages' login. It reads what a reader reads and calls what is granted below, no more.
do $$
begin
    if not exists (select from pg_roles where rolname = 'orgsync_pages') then
        create role orgsync_pages nologin in role orgsync_reader;
    end if;
end
$$;

create table org.headcount_change (
    tenant_id text not null,
    department_id text not null,
    changed_at timestamptz not null,
    own integer not null,
    total integer not null,
    primary key (tenant_id, department_id, changed_at) include (own, total)
);
create index headcount_change_by_time on org.headcount_change (tenant_id, changed_at);

comment on table org.headcount_change is 'By how many people a department grew or shrank, and when: their sum up to an instant is its headcount then. Derived from the versions.';
comment on column org.headcount_change.department_id is 'Empty: the tenant as a whole, with people who are in no visible department.';
comment on column org.headcount_change.own is 'Members of the department itself.';
comment on column org.headcount_change.total is 'People in it or in any department below it, each once.';

create function org.headcounts_at(instant timestamptz) returns table (tenant_id text, department_id text, own bigint, total bigint)
language sql stable
as $$
    select
        change.tenant_id,
        change.department_id,
        sum(change.own) as own,
        sum(change.total) as total
    from org.headcount_change as change
    where change.changed_at <= instant
    group by
        change.tenant_id,
        change.department_id
    having sum(change.total) <> 0
$$;
comment on function org.headcounts_at is 'How many people each department had at an instant: of its own, and with all below it, each person once.';

-- At an instant (1), or just before it (-1).
create function stage.holds(valid_from timestamptz, valid_to timestamptz, instant timestamptz, side integer) returns boolean
language sql immutable
as $$
    select case side
        when 1 then valid_from <= instant and (valid_to is null or valid_to > instant)
        else valid_from < instant and (valid_to is null or valid_to >= instant)
    end
$$;

-- What changed at one instant is the difference between what held just before it (-1) and at it (1), counted for the people whose departments,
-- or the ways from these to the top, are not the same in both.
create function stage.count_heads(tenant text, instant timestamptz) returns bigint
language plpgsql
set jit = off
as $$
declare
    is_first constant boolean := not exists (
        select from org.membership_version as version
        where version.tenant_id = count_heads.tenant
          and version.valid_from < count_heads.instant
    );
    moved text[];
    touched text[];
    written bigint;
begin
    delete from org.headcount_change as change
    where change.tenant_id = count_heads.tenant
      and change.changed_at = count_heads.instant;

    if not is_first then
        with recursive below (department_id) as (
            select coalesce(old.department_id, new.department_id)
            from (
                select version.department_id, version.parent_id
                from org.department_version as version
                where version.tenant_id = count_heads.tenant
                  and version.valid_to = count_heads.instant
            ) as old
            full join (
                select version.department_id, version.parent_id
                from org.department_version as version
                where version.tenant_id = count_heads.tenant
                  and version.valid_from = count_heads.instant
            ) as new on new.department_id = old.department_id
            where old.department_id is null
               or new.department_id is null
               or old.parent_id is distinct from new.parent_id
            union
            -- Before or now: who hung below it then has another way now.
            select child.department_id
            from below
            cross join lateral (
                select version.department_id
                from org.department_version as version
                where version.tenant_id = count_heads.tenant
                  and version.parent_id = below.department_id
                  and version.valid_from <= count_heads.instant
                  and (version.valid_to is null or version.valid_to >= count_heads.instant)
            ) as child
        )
        select coalesce(array_agg(below.department_id), '{}') into moved from below;

        -- Planned for so many departments as there are, and below for so many people: it may be one of them, or nearly all.
        execute $touched$
            select coalesce(array_agg(touched.user_id), '{}')
            from (
                select coalesce(old.user_id, new.user_id) as user_id
                from (
                    select version.user_id, version.department_id
                    from org.membership_version as version
                    where version.tenant_id = $1
                      and version.valid_to = $2
                ) as old
                full join (
                    select version.user_id, version.department_id
                    from org.membership_version as version
                    where version.tenant_id = $1
                      and version.valid_from = $2
                ) as new on new.user_id = old.user_id and new.department_id = old.department_id
                where old.user_id is null
                   or new.user_id is null
                union
                select version.user_id
                from unnest($3) as moved (department_id)
                join org.membership_version as version
                  on version.tenant_id = $1
                 and version.department_id = moved.department_id
                 and version.valid_from <= $2
                 and (version.valid_to is null or version.valid_to >= $2)
            ) as touched
        $touched$ into touched using tenant, instant, moved;
    end if;

    execute format($counted$
        with recursive
        member as materialized (
            select 1 as side, version.user_id, version.department_id
            from org.membership_version as version
            %1$s
            where version.tenant_id = $1
              and version.valid_from <= $2
              and (version.valid_to is null or version.valid_to > $2)
            union all
            select -1, version.user_id, version.department_id
            from org.membership_version as version
            %1$s
            where version.tenant_id = $1
              and version.valid_from < $2
              and (version.valid_to is null or version.valid_to >= $2)
        ),
        person as materialized (
            select member.side, member.user_id, min(member.department_id) as department_id, count(*) as places
            from member
            group by member.side, member.user_id
        ),
        -- Most people are in one department: those are counted before they are told apart.
        sole as materialized (
            select person.side, person.department_id, count(*) as people
            from person
            where person.places = 1
            group by person.side, person.department_id
        ),
        several as materialized (
            select member.side, member.user_id, member.department_id
            from person
            join member on member.side = person.side and member.user_id = person.user_id
            where person.places > 1
        ),
        place as materialized (
            select sole.side, sole.department_id from sole
            union
            select several.side, several.department_id from several
        ),
        branch (side, department_id, parent_id) as (
            select place.side, version.department_id, version.parent_id
            from place
            cross join lateral (
                select version.department_id, version.parent_id
                from org.department_version as version
                where version.tenant_id = $1
                  and version.department_id = place.department_id
                  and stage.holds(version.valid_from, version.valid_to, $2, place.side)
            ) as version
            union
            select branch.side, version.department_id, version.parent_id
            from branch
            cross join lateral (
                select version.department_id, version.parent_id
                from org.department_version as version
                where version.tenant_id = $1
                  and version.department_id = branch.parent_id
                  and stage.holds(version.valid_from, version.valid_to, $2, branch.side)
            ) as version
        ),
        step as materialized (
            select branch.side, branch.department_id, branch.parent_id
            from branch
            join branch as above on above.side = branch.side and above.department_id = branch.parent_id
        ),
        upward (side, department_id, ancestor_id) as (
            select place.side, place.department_id, place.department_id
            from place
            union
            select upward.side, upward.department_id, step.parent_id
            from upward
            join step on step.side = upward.side and step.department_id = upward.ancestor_id
        ),
        counted (department_id, own, total) as (
            select upward.ancestor_id, 0, upward.side * sum(sole.people)
            from sole
            join upward on upward.side = sole.side and upward.department_id = sole.department_id
            group by upward.side, upward.ancestor_id
            union all
            select above.ancestor_id, 0, above.side * count(*)
            from (
                select distinct upward.side, upward.ancestor_id, several.user_id
                from several
                join upward on upward.side = several.side and upward.department_id = several.department_id
            ) as above
            group by above.side, above.ancestor_id
            union all
            select sole.department_id, sole.side * sole.people, 0
            from sole
            union all
            select several.department_id, several.side * count(*), 0
            from several
            group by several.side, several.department_id
            union all
            -- Who goes on in another version both ends and begins.
            select '', 0, count(*)
            from org.user_version as version
            where version.tenant_id = $1
              and version.valid_from = $2
            union all
            select '', 0, -count(*)
            from org.user_version as version
            where version.tenant_id = $1
              and version.valid_to = $2
        )
        insert into org.headcount_change (tenant_id, department_id, changed_at, own, total)
        select $1, counted.department_id, $2, sum(counted.own), sum(counted.total)
        from counted
        group by counted.department_id
        having sum(counted.own) <> 0
            or sum(counted.total) <> 0
    $counted$, case when is_first then '' else 'join unnest($3) as touched (user_id) on touched.user_id = version.user_id' end)
    using tenant, instant, touched;
    get diagnostics written = row_count;
    return written;
end
$$;
comment on function stage.count_heads is 'Works out org.headcount_change of one tenant at one instant from the versions; run again it writes the same.';

-- What statements join and look for: the statistics of the other columns, of which nobody asks so soon, autovacuum makes. They took most of it.
create or replace function stage.analyze_history(rows_written bigint) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if 5 * rows_written > (
        select sum(greatest(reltuples, 0))
        from pg_class
        where oid in ('org.department_version'::regclass, 'org.user_version'::regclass, 'org.membership_version'::regclass)
    ) then
        analyze
            org.department_version,
            org.user_version (
                tenant_id, user_id, name, title, job_number, status, manager_user_id, main_department_id, valid_from, valid_to, snapshot_id
            ),
            org.membership_version (tenant_id, user_id, department_id, is_main, is_leader, valid_from, valid_to, snapshot_id);
    end if;
end
$$;

-- Under what a name, a title or a department is found: folded, its ends, its pinyin and initials; one value has several. Derived from the versions.
-- A load of a hundred thousand people writes six hundred thousand: they have one index, by what is typed.
create table org.search_key (
    tenant_id text not null,
    kind text not null check (kind in ('name', 'title', 'department')),
    value text not null,
    key text collate "C" not null,
    primary key (tenant_id, kind, key, value)
);
comment on table org.search_key is 'Under what names, titles and departments are found; derived from the versions, kept by the loads.';

-- Who ever had a name or a title is found in these alone, each person once.
create index user_version_by_name on org.user_version (tenant_id, name, user_id, valid_from);
create index user_version_by_title on org.user_version (tenant_id, title, user_id, valid_from) where title is not null;
create index user_version_by_job_number on org.user_version (tenant_id, lower(normalize(job_number, nfkc)) text_pattern_ops) where job_number is not null;
create index user_version_by_id on org.user_version (tenant_id, lower(user_id) text_pattern_ops);
create index user_version_by_manager on org.user_version (tenant_id, manager_user_id) where manager_user_id is not null;
create index department_version_by_parent on org.department_version (tenant_id, parent_id);
create index department_version_by_name on org.department_version (tenant_id, name);

-- The members of a department at any time; until now only of today.
drop index org.membership_version_department;
create index membership_version_by_department on org.membership_version (tenant_id, department_id);

-- What changed is paged from the newest instant back, and by id within one: a first load is a million versions at once.
drop index org.user_version_from, org.user_version_to;
drop index org.membership_version_from, org.membership_version_to;
drop index org.department_version_from, org.department_version_to;
create index user_version_from on org.user_version (tenant_id, valid_from, user_id);
create index user_version_to on org.user_version (tenant_id, valid_to, user_id) where valid_to is not null;
create index membership_version_from on org.membership_version (tenant_id, valid_from, user_id);
create index membership_version_to on org.membership_version (tenant_id, valid_to, user_id) where valid_to is not null;
create index department_version_from on org.department_version (tenant_id, valid_from, department_id);
create index department_version_to on org.department_version (tenant_id, valid_to, department_id) where valid_to is not null;

-- A page of a plan's changes begins where the one before it ended.
drop index ops.plan_change_by_plan;
create index plan_change_by_plan on ops.plan_change (plan_id, entity, kind, user_id, department_id);

create view ops.plan_line as
select
    change.plan_id,
    change.kind,
    change.entity,
    change.user_id,
    change.department_id,
    change.column_name,
    case when clearance.is_given or not personal.is_so then change.value_from when change.value_from is not null then '***' end as value_from,
    case when clearance.is_given or not personal.is_so then change.value_to when change.value_to is not null then '***' end as value_to,
    change.name,
    change.names_from,
    change.names_to,
    change.department_path
from ops.plan_change as change
cross join (select pg_has_role('orgsync_pii', 'usage') as is_given) as clearance
cross join lateral (
    select coalesce(
        change.entity = 'user' and change.column_name in ('mobile', 'email', 'work_email', 'telephone', 'attributes'), false
    ) as is_so
) as personal;
comment on view ops.plan_line is 'ops.plan_change for readers: personal values are masked.';

create index quarantine_by_row on ops.quarantine (tenant_id, entity, user_id, department_id, created_at);
-- A page of it begins where the one before ended; a key may be missing.
create index quarantine_by_rule on ops.quarantine (plan_id, rule, entity, coalesce(user_id, ''), coalesce(department_id, ''));

create index plan_by_number on ops.plan (tenant_id, plan_id);
create index plan_undecided on ops.plan (tenant_id, plan_id) where state = 'planned' and is_approved is null;
create index sync_run_by_plan on ops.sync_run (plan_id) where plan_id is not null;

create table ops.audit (
    audit_id bigint generated always as identity primary key,
    happened_at timestamptz not null default now(),
    actor text not null,
    action text not null,
    tenant_id text not null,
    subject text not null,
    detail text not null default ''
);
create index audit_by_tenant on ops.audit (tenant_id, happened_at);
comment on table ops.audit is 'Who looked at personal values, or did something, through the pages.';
comment on column ops.audit.actor is 'The user of Airflow.';
comment on column ops.audit.subject is 'The id of the person or message that it was about.';

-- The personal columns of one person, as they read now or when they last did; that they were looked at is written down in the same transaction.
create function ops.show_person(tenant text, person text, actor text)
returns table (mobile text, email text, work_email text, telephone text, attributes jsonb)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into ops.audit (actor, action, tenant_id, subject)
    values (show_person.actor, 'person.shown', show_person.tenant, show_person.person);
    return query
    select version.mobile, version.email, version.work_email, version.telephone, version.attributes
    from org.user_version as version
    where version.tenant_id = show_person.tenant
      and version.user_id = show_person.person
    order by version.valid_from desc
    limit 1;
end
$$;
comment on function ops.show_person is 'The personal values of one person, for whoever may see them; writes down who looked.';

revoke execute on function
    org.headcounts_at(timestamptz),
    stage.holds(timestamptz, timestamptz, timestamptz, integer),
    stage.count_heads(text, timestamptz),
    ops.show_person(text, text, text)
from public;

grant select on org.headcount_change, org.search_key, ops.plan_line to orgsync_reader;
grant execute on function org.headcounts_at(timestamptz) to orgsync_reader;
grant select, insert, delete on org.headcount_change, org.search_key to orgsync_loader;
grant execute on function stage.holds(timestamptz, timestamptz, timestamptz, integer), stage.count_heads(text, timestamptz) to orgsync_loader;
grant select on ops.audit to orgsync_pii;
grant select, insert on ops.audit to orgsync_loader;
grant execute on function ops.show_person(text, text, text) to orgsync_pages;
-- Whether the warehouse is at the version that the pages ask.
grant usage on schema orgsync to orgsync_pages;
grant select on orgsync.migration to orgsync_pages;

-- What was loaded before this version.
select stage.count_heads(boundary.tenant_id, boundary.instant)
from (
    select tenant_id, valid_from as instant from org.user_version
    union
    select tenant_id, valid_to from org.user_version where valid_to is not null
    union
    select tenant_id, valid_from from org.department_version
    union
    select tenant_id, valid_to from org.department_version where valid_to is not null
    union
    select tenant_id, valid_from from org.membership_version
    union
    select tenant_id, valid_to from org.membership_version where valid_to is not null
) as boundary;
