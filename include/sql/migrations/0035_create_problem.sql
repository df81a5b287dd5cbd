-- Problems of operation: what is wrong since when, and what of it was told to whom. And which parts of orgsync were last at work when.

create table ops.problem (
    tenant_id text not null,
    kind text not null,
    subject text not null,
    outcome text not null check (outcome in ('broken', 'degraded')),
    reason text not null,
    reason_zh text not null,
    fix text not null,
    fix_zh text not null,
    link text not null,
    since timestamptz not null,
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    over_at timestamptz,
    returns integer not null default 0,
    primary key (tenant_id, kind, subject)
);

comment on table ops.problem is 'What keeps orgsync from doing its work, as the DAG org_watch finds it; of an empty tenant_id is what concerns all.';
comment on column ops.problem.kind is 'What is wrong: stale, failed, slow, waiting, withheld, quarantine, quota, outbox, doctor, stanza, silent, channel or events.';
comment on column ops.problem.subject is 'Which of several of its kind: a plan, a quota, a check of the doctor; empty where there is but one.';
comment on column ops.problem.since is 'Since when it is so, as far as that is known.';
comment on column ops.problem.first_seen_at is 'When it was found first, this time.';
comment on column ops.problem.last_seen_at is 'When it was found last.';
comment on column ops.problem.over_at is 'Since when it is not found any more; null while it is.';
comment on column ops.problem.returns is 'How often it came back soon after it was gone: the more often, the longer it has to be gone until it counts as over.';

create table ops.alert (
    tenant_id text not null,
    kind text not null,
    subject text not null,
    channel text not null,
    event text check (event in ('new', 'still', 'over')),
    told_at timestamptz,
    tries integer not null default 0,
    tried_at timestamptz,
    error text,
    primary key (tenant_id, kind, subject, channel),
    foreign key (tenant_id, kind, subject) references ops.problem (tenant_id, kind, subject) on delete cascade
);

comment on table ops.alert is 'What was told last of each problem, channel by channel.';
comment on column ops.alert.event is 'What was told last: that it is new, that it is still so, that it is over; null where nothing was told yet.';
comment on column ops.alert.tries is 'How often the channel failed since it last told it.';
comment on column ops.alert.error is 'Why the channel failed when it was last tried; null where it did not.';

create table ops.heartbeat (
    tenant_id text not null,
    part text not null,
    first_at timestamptz not null,
    last_at timestamptz not null,
    primary key (tenant_id, part)
);

comment on table ops.heartbeat is 'When each part of orgsync was last at work: so that it is noticed when one was switched off.';
comment on column ops.heartbeat.tenant_id is 'The tenant that org_watch found in the tenants file; empty for a part that works for all.';
comment on column ops.heartbeat.part is 'watch, housekeeping, doctor or notify.';

create table ops.slow_run (
    tenant_id text not null,
    run_id text not null,
    noted_at timestamptz not null,
    primary key (tenant_id, run_id)
);

comment on table ops.slow_run is 'Runs of Airflow that had not ended by their deadline.';

alter table ops.claim
    drop constraint claim_purpose_check,
    add constraint claim_purpose_check check (purpose in ('read', 'replay', 'app', 'watch'));

comment on table ops.claim is
'Who may read a tenant, load its snapshots again, read by an app, or watch over all, one at a time. Its holder renews it while it works.';
comment on column ops.claim.tenant_id is
'For purpose app: the app, as platform, host and its id, or a connection of which no app is known. Empty for purpose watch.';
