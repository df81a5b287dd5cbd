-- History: one row per key and stretch of time in which its content was the same. [valid_from, valid_to), UTC; null while open.
-- snapshot_id is the snapshot taken at valid_from, so the tables are the same whatever order the snapshots were loaded in.

create table org.department_version (
    tenant_id text not null,
    department_id text not null,
    parent_id text,
    name text,
    name_en text,
    sort_order numeric,
    is_hidden boolean,
    source_identifier text,
    leader_user_ids text[],
    attributes jsonb,
    content_hash text not null,
    valid_from timestamptz not null,
    valid_to timestamptz,
    snapshot_id text not null references ops.snapshot (snapshot_id),
    primary key (tenant_id, department_id, valid_from),
    check (valid_to > valid_from)
);

create table org.user_version (
    tenant_id text not null,
    user_id text not null,
    union_id text,
    open_id text,
    name text,
    name_en text,
    nickname text,
    mobile text,
    email text,
    work_email text,
    telephone text,
    gender text check (gender in ('male', 'female', 'other')),
    avatar_url text,
    title text,
    job_number text,
    work_place text,
    employee_type text,
    hired_on date,
    status text check (status in ('active', 'inactive', 'disabled', 'resigned')),
    is_admin boolean,
    manager_user_id text,
    main_department_id text,
    attributes jsonb,
    content_hash text not null,
    valid_from timestamptz not null,
    valid_to timestamptz,
    snapshot_id text not null references ops.snapshot (snapshot_id),
    primary key (tenant_id, user_id, valid_from),
    check (valid_to > valid_from)
);

create table org.membership_version (
    tenant_id text not null,
    user_id text not null,
    department_id text not null,
    is_main boolean,
    is_leader boolean,
    sort_order numeric,
    title text,
    attributes jsonb,
    content_hash text not null,
    valid_from timestamptz not null,
    valid_to timestamptz,
    snapshot_id text not null references ops.snapshot (snapshot_id),
    primary key (tenant_id, user_id, department_id, valid_from),
    check (valid_to > valid_from)
);

-- At most one open version a key.
create unique index department_version_open on org.department_version (tenant_id, department_id) where valid_to is null;
create unique index user_version_open on org.user_version (tenant_id, user_id) where valid_to is null;
create unique index membership_version_open on org.membership_version (tenant_id, user_id, department_id) where valid_to is null;

-- "What changed at this instant" is asked after every load, from both ends of a range.
create index department_version_from on org.department_version (tenant_id, valid_from);
create index department_version_to on org.department_version (tenant_id, valid_to) where valid_to is not null;
create index user_version_from on org.user_version (tenant_id, valid_from);
create index user_version_to on org.user_version (tenant_id, valid_to) where valid_to is not null;
create index membership_version_from on org.membership_version (tenant_id, valid_from);
create index membership_version_to on org.membership_version (tenant_id, valid_to) where valid_to is not null;
create index membership_version_department on org.membership_version (tenant_id, department_id) where valid_to is null;

grant select, insert, update, delete on all tables in schema org to orgsync_loader;
