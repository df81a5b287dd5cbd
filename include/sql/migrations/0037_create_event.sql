-- What platforms push: that something happened, to whom, and what became of it. An event is a hint: what it says is asked of the platform.

create table ops.event (
    tenant_id text not null,
    event_key text not null,
    platform text not null,
    type text not null,
    kind text not null check (
        kind in (
            'user.added', 'user.changed', 'user.removed', 'department.added', 'department.changed', 'department.removed',
            'range.changed', 'other'
        )
    ),
    user_ids text[] not null default '{}',
    open_ids text[] not null default '{}',
    department_ids text[] not null default '{}',
    happened_at timestamptz,
    received_at timestamptz not null default clock_timestamp(),
    via text not null check (via in ('http', 'stream')),
    attempts integer not null default 0,
    handled_at timestamptz,
    handled_by text,
    outcome text,
    primary key (tenant_id, event_key)
);
create index event_unhandled on ops.event (tenant_id, received_at) where handled_at is null;
create index event_by_age on ops.event (tenant_id, received_at);

comment on table ops.event is
'What platforms pushed, once for each tenant that it concerns, however often it came: ids, types and times, nothing personal.';
comment on column ops.event.event_key is 'The same however often, and by whichever way, it comes: of the platform, or made of what it says.';
comment on column ops.event.type is 'The platform''s own word.';
comment on column ops.event.kind is 'What it is about, the same for all platforms; other: nothing that a directory is made of.';
comment on column ops.event.user_ids is 'The people it names, by what the tenant keys them.';
comment on column ops.event.open_ids is 'The same people by the other id of a platform that has two.';
comment on column ops.event.department_ids is 'The departments it names; of an event about a person those of the person.';
comment on column ops.event.happened_at is 'What the platform says; null where it says nothing of sense.';
comment on column ops.event.handled_by is 'The run, or the snapshot, after which nothing is left to be done for it.';
comment on column ops.event.outcome is 'What became of it.';

create table ops.event_refusal (
    tenant_id text not null,
    reason text not null check (
        reason in (
            'forged', 'stale', 'malformed', 'oversized', 'unsealed', 'other_company', 'too_many', 'unknown_address', 'not_stored'
        )
    ),
    refused_on date not null,
    refusals bigint not null,
    primary key (tenant_id, reason, refused_on)
);

comment on table ops.event_refusal is
'How many calls to the receiver of events were not acknowledged, by day (UTC) and reason; of an empty tenant_id those to no address of ours.';

create function ops.count_refusals(tenant text, reason text, refusals bigint) returns void
language sql security definer
set search_path = pg_catalog, pg_temp
begin atomic
    insert into ops.event_refusal as counted (tenant_id, reason, refused_on, refusals)
    values (count_refusals.tenant, count_refusals.reason, (clock_timestamp() at time zone 'UTC')::date, count_refusals.refusals)
    on conflict (tenant_id, reason, refused_on) do update
    set refusals = counted.refusals + excluded.refusals;
end;
comment on function ops.count_refusals is 'Counts calls that were refused: a row for each tenant, reason and day, however many they are.';
