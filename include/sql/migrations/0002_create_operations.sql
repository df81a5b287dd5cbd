-- What the syncs did. History reads ops.snapshot and ops.quarantine to know which snapshot observed what.

create table ops.snapshot (
    snapshot_id text primary key,
    tenant_id text not null,
    platform text not null,
    mode text not null check (mode in ('full', 'frequent')),
    taken_at timestamptz not null,
    uri text not null,
    state text not null check (state in ('landed', 'loaded')),
    counts jsonb not null default '{}',
    visible_range jsonb not null default '{}',
    withheld_fields text[] not null default '{}',
    department_unobserved text[] not null default '{}',
    user_unobserved text[] not null default '{}',
    membership_unobserved text[] not null default '{}',
    plan_id bigint,
    loaded_at timestamptz,
    unique (tenant_id, taken_at)
);

comment on column ops.snapshot.state is 'landed: complete in the landing zone; loaded: part of history through plan_id.';
comment on column ops.snapshot.user_unobserved is 'Columns of org.user_version this snapshot says nothing about: they keep their last value.';

create table ops.sync_run (
    tenant_id text not null,
    run_id text not null,
    platform text not null,
    run_type text not null,
    mode text,
    outcome text not null default 'running'
        check (outcome in ('running', 'succeeded', 'unchanged', 'planned', 'stopped', 'failed')),
    snapshot_id text references ops.snapshot (snapshot_id),
    plan_id bigint,
    counts jsonb not null default '{}',
    step_seconds jsonb not null default '{}',
    calls jsonb not null default '{}',
    error text,
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    primary key (tenant_id, run_id)
);

create index sync_run_by_start on ops.sync_run (tenant_id, started_at desc);

comment on column ops.sync_run.calls is 'Per interface: expected, read, failed, retried, throttled.';

create table ops.plan (
    plan_id bigint generated always as identity primary key,
    tenant_id text not null,
    snapshot_id text not null references ops.snapshot (snapshot_id),
    taken_at timestamptz not null,
    state text not null default 'staged' check (state in ('staged', 'planned', 'applied', 'dropped')),
    staged_counts jsonb not null default '{}',
    withheld_fields text[] not null default '{}',
    department_unobserved text[] not null default '{}',
    user_unobserved text[] not null default '{}',
    membership_unobserved text[] not null default '{}',
    next_at timestamptz,
    based_on_plan_id bigint,
    timeline_rows bigint,
    summary jsonb not null default '{}',
    created_at timestamptz not null default clock_timestamp(),
    planned_at timestamptz,
    applied_at timestamptz
);

create index plan_by_tenant on ops.plan (tenant_id, applied_at);
create index plan_by_snapshot on ops.plan (snapshot_id);

comment on table ops.plan is 'One reading of one snapshot: what it would change, and whether that was applied.';
comment on column ops.plan.next_at is 'The next loaded snapshot after taken_at when the plan was made; infinity if there was none.';
comment on column ops.plan.based_on_plan_id is 'The plan applied last when this one was made; if another came since, it is made anew.';

alter table ops.snapshot add foreign key (plan_id) references ops.plan (plan_id);

create table ops.quarantine (
    plan_id bigint not null references ops.plan (plan_id) on delete cascade,
    tenant_id text not null,
    snapshot_id text not null,
    entity text not null check (entity in ('department', 'user', 'membership')),
    user_id text,
    department_id text,
    rule text not null,
    reason text not null,
    created_at timestamptz not null default clock_timestamp()
);

create index quarantine_by_key on ops.quarantine (plan_id, entity, user_id, department_id);

comment on table ops.quarantine is 'Rows left out of a load, each with every rule it broke; their last good version stays open.';

create table ops.expectation_result (
    plan_id bigint not null references ops.plan (plan_id) on delete cascade,
    tenant_id text not null,
    suite text not null,
    expectation text not null,
    column_name text,
    is_success boolean not null,
    element_count bigint not null,
    unexpected_count bigint not null,
    primary key (plan_id, suite, expectation, column_name)
);

grant select on all tables in schema ops to orgsync_reader;
grant select, insert, update, delete on all tables in schema ops to orgsync_loader;
