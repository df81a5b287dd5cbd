-- The rows of loads under way. Unlogged: a crash of the server empties them, and the load starts again from the landing zone.

create unlogged table stage.department (
    plan_id bigint not null,
    department_id text not null,
    parent_id text,
    name text,
    name_en text,
    sort_order numeric,
    is_hidden boolean,
    source_identifier text,
    leader_user_ids text[],
    attributes jsonb,
    primary key (plan_id, department_id)
);

create unlogged table stage.user (
    plan_id bigint not null,
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
    attributes jsonb,
    primary key (plan_id, user_id)
);

create unlogged table stage.membership (
    plan_id bigint not null,
    user_id text not null,
    department_id text not null,
    is_main boolean,
    is_leader boolean,
    sort_order numeric,
    title text,
    attributes jsonb,
    primary key (plan_id, user_id, department_id)
);

-- The keys whose time line a plan touches, and the stretch of it that is written anew. key_2 is '' but for memberships.
create unlogged table stage.affected (
    plan_id bigint not null,
    entity text not null,
    key_1 text not null,
    key_2 text not null,
    from_at timestamptz not null,
    until_at timestamptz not null,
    primary key (plan_id, entity, key_1, key_2)
);

-- What is known of an affected key, stretch by stretch: observed holds only the columns observed there, null for none.
create unlogged table stage.observation (
    plan_id bigint not null,
    entity text not null,
    key_1 text not null,
    key_2 text not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    observed jsonb
);

create index observation_by_key on stage.observation (plan_id, entity, key_1, key_2, starts_at);

-- The versions an affected key shall have between from_at and until_at. 'infinity' stands for open.
create unlogged table stage.timeline (
    plan_id bigint not null,
    entity text not null,
    key_1 text not null,
    key_2 text not null,
    valid_from timestamptz not null,
    valid_to timestamptz not null,
    content jsonb not null,
    content_hash text not null,
    primary key (plan_id, entity, key_1, key_2, valid_from)
);

-- Lays later observations over earlier ones; a null observation leaves what is known as it is.
create aggregate stage.overlay (jsonb) (
    sfunc = jsonb_concat,
    stype = jsonb
);

grant select, insert, update, delete, truncate on all tables in schema stage to orgsync_loader;
