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
-- version_from names the version whose content is observed; unobserved are the columns that it only carried on.
create unlogged table stage.observation (
    plan_id bigint not null,
    entity text not null,
    key_1 text not null,
    key_2 text not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    version_from timestamptz,
    unobserved text[] not null default '{}',
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

-- The three histories as one, without their contents. key_2 is '' but for memberships.
create view stage.version as
select 'department' as entity, tenant_id, department_id as key_1, '' as key_2, valid_from, valid_to
from org.department_version
union all
select 'user' as entity, tenant_id, user_id as key_1, '' as key_2, valid_from, valid_to
from org.user_version
union all
select 'membership' as entity, tenant_id, user_id as key_1, department_id as key_2, valid_from, valid_to
from org.membership_version;

-- The keys that a plan saw but kept out. A row without a key was not seen as anybody.
create view stage.quarantined as
select distinct
    quarantine.plan_id,
    quarantine.entity,
    case quarantine.entity when 'department' then quarantine.department_id else quarantine.user_id end as key_1,
    case quarantine.entity when 'membership' then quarantine.department_id else '' end as key_2
from ops.quarantine
where case quarantine.entity
    when 'department' then quarantine.department_id is not null
    when 'user' then quarantine.user_id is not null
    else quarantine.user_id is not null and quarantine.department_id is not null
end;

-- What each loaded snapshot is silent about, a row an entity.
create view stage.loaded as
select
    snapshot.tenant_id,
    snapshot.taken_at,
    snapshot.plan_id,
    silence.entity,
    silence.unobserved
from ops.snapshot
cross join lateral (
    values
        ('department', snapshot.department_unobserved),
        ('user', snapshot.user_unobserved),
        ('membership', snapshot.membership_unobserved)
) as silence (entity, unobserved)
where snapshot.state = 'loaded';

-- What a plan's reading is silent about, a row an entity. quiet: silent both now and, where the snapshot is loaded again, in
-- the reading that is replaced; later silence about those columns changes nothing.
create view stage.reading as
select
    plan.plan_id,
    plan.tenant_id,
    plan.taken_at,
    plan.next_at,
    silence.entity,
    silence.unobserved,
    coalesce(
        (
            select array(select unnest(silence.unobserved) intersect select unnest(loaded.unobserved))
            from stage.loaded
            where loaded.tenant_id = plan.tenant_id
              and loaded.taken_at = plan.taken_at
              and loaded.entity = silence.entity
        ),
        silence.unobserved
    ) as quiet
from ops.plan
cross join lateral (
    values
        ('department', plan.department_unobserved),
        ('user', plan.user_unobserved),
        ('membership', plan.membership_unobserved)
) as silence (entity, unobserved);

-- Lays later observations over earlier ones; a null observation leaves what is known as it is.
create aggregate stage.overlay (jsonb) (
    sfunc = jsonb_concat,
    stype = jsonb
);

grant select, insert, update, delete, truncate on all tables in schema stage to orgsync_loader;
