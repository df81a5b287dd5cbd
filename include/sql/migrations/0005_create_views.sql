-- What people and tools read: what holds now, what held at an instant, the department tree.
-- Personal columns show as *** and attributes as null to everyone who is not a member of orgsync_pii.

create view org.department_history as
select
    version.tenant_id,
    version.department_id,
    version.parent_id,
    version.name,
    version.name_en,
    version.sort_order,
    version.is_hidden,
    version.source_identifier,
    version.leader_user_ids,
    version.attributes,
    version.content_hash,
    version.valid_from,
    version.valid_to,
    version.snapshot_id
from org.department_version as version;

create view org.user_history as
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
    version.content_hash,
    version.valid_from,
    version.valid_to,
    version.snapshot_id
from org.user_version as version
cross join (select pg_has_role('orgsync_pii', 'usage') as is_given) as clearance;

create view org.membership_history as
select
    version.tenant_id,
    version.user_id,
    version.department_id,
    version.is_main,
    version.is_leader,
    version.sort_order,
    version.title,
    version.attributes,
    version.content_hash,
    version.valid_from,
    version.valid_to,
    version.snapshot_id
from org.membership_version as version;

create view org.departments as
select
    history.tenant_id,
    history.department_id,
    history.parent_id,
    history.name,
    history.name_en,
    history.sort_order,
    history.is_hidden,
    history.source_identifier,
    history.leader_user_ids,
    history.attributes,
    history.valid_from
from org.department_history as history
where history.valid_to is null;

create view org.users as
select
    history.tenant_id,
    history.user_id,
    history.union_id,
    history.open_id,
    history.name,
    history.name_en,
    history.nickname,
    history.mobile,
    history.email,
    history.work_email,
    history.telephone,
    history.gender,
    history.avatar_url,
    history.title,
    history.job_number,
    history.work_place,
    history.employee_type,
    history.hired_on,
    history.status,
    history.is_admin,
    history.manager_user_id,
    history.main_department_id,
    history.attributes,
    history.valid_from
from org.user_history as history
where history.valid_to is null;

create view org.memberships as
select
    history.tenant_id,
    history.user_id,
    history.department_id,
    history.is_main,
    history.is_leader,
    history.sort_order,
    history.title,
    history.attributes,
    history.valid_from
from org.membership_history as history
where history.valid_to is null;

create function org.departments_at(instant timestamptz) returns setof org.departments
language sql stable
as $$
    select
        history.tenant_id,
        history.department_id,
        history.parent_id,
        history.name,
        history.name_en,
        history.sort_order,
        history.is_hidden,
        history.source_identifier,
        history.leader_user_ids,
        history.attributes,
        history.valid_from
    from org.department_history as history
    where history.valid_from <= instant
      and (history.valid_to is null or history.valid_to > instant)
$$;

create function org.users_at(instant timestamptz) returns setof org.users
language sql stable
as $$
    select
        history.tenant_id,
        history.user_id,
        history.union_id,
        history.open_id,
        history.name,
        history.name_en,
        history.nickname,
        history.mobile,
        history.email,
        history.work_email,
        history.telephone,
        history.gender,
        history.avatar_url,
        history.title,
        history.job_number,
        history.work_place,
        history.employee_type,
        history.hired_on,
        history.status,
        history.is_admin,
        history.manager_user_id,
        history.main_department_id,
        history.attributes,
        history.valid_from
    from org.user_history as history
    where history.valid_from <= instant
      and (history.valid_to is null or history.valid_to > instant)
$$;

create function org.memberships_at(instant timestamptz) returns setof org.memberships
language sql stable
as $$
    select
        history.tenant_id,
        history.user_id,
        history.department_id,
        history.is_main,
        history.is_leader,
        history.sort_order,
        history.title,
        history.attributes,
        history.valid_from
    from org.membership_history as history
    where history.valid_from <= instant
      and (history.valid_to is null or history.valid_to > instant)
$$;

-- From the tops down: a department without a parent, or whose parent is not (or no longer) known, is a top.
create view org.department_tree as
with recursive tree as (
    select
        top.tenant_id,
        top.department_id,
        top.parent_id,
        top.name,
        array[top.department_id] as path_ids,
        array[top.name] as path_names,
        1 as depth
    from org.departments as top
    where not exists (
        select from org.departments as parent
        where parent.tenant_id = top.tenant_id
          and parent.department_id = top.parent_id
    )
    union all
    select
        child.tenant_id,
        child.department_id,
        child.parent_id,
        child.name,
        tree.path_ids || child.department_id,
        tree.path_names || child.name,
        tree.depth + 1
    from tree
    join org.departments as child
      on child.tenant_id = tree.tenant_id
     and child.parent_id = tree.department_id
)
select
    tenant_id,
    department_id,
    parent_id,
    name,
    path_ids,
    path_names,
    depth
from tree;

comment on view org.users is 'The people of every tenant as of its latest loaded snapshot; valid_from: since when the row reads so.';
comment on view org.departments is 'The departments as of the latest loaded snapshot; a top of the visible range has no parent_id.';
comment on view org.memberships is 'Who is in which department as of the latest loaded snapshot; sort_order ascending is shown first.';
comment on view org.department_tree is 'Each department with its path from the top; depth 1 is a top.';

grant select on
    org.departments,
    org.users,
    org.memberships,
    org.department_history,
    org.user_history,
    org.membership_history,
    org.department_tree
to orgsync_reader;
