-- What the doctor found about each tenant, and about what all of them share.

create table ops.doctor_check (
    tenant_id text not null,
    name text not null,
    subject text not null,
    outcome text not null check (outcome in ('ok', 'degraded', 'broken', 'skipped')),
    outcome_before text,
    since timestamptz not null,
    checked_at timestamptz not null,
    code text,
    reason text not null,
    fix text,
    lost text,
    reason_zh text not null,
    fix_zh text,
    lost_zh text,
    primary key (tenant_id, name, subject)
);

comment on table ops.doctor_check is 'What the doctor found when it last could try, one row for each thing; of an empty tenant_id is what all tenants share.';
comment on column ops.doctor_check.subject is 'Which of several: a permission, a field of the connection; empty where there is but one.';
comment on column ops.doctor_check.outcome_before is 'What it was before since; null if it was never otherwise.';
comment on column ops.doctor_check.since is 'Since when the outcome is this one.';
comment on column ops.doctor_check.checked_at is 'When it was last tried: what could not be tried keeps what was found before.';
comment on column ops.doctor_check.lost is 'What does not work until it is mended.';

grant select on ops.doctor_check to orgsync_reader;
grant select, insert, update, delete on ops.doctor_check to orgsync_loader;
