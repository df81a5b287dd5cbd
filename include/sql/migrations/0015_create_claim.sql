-- Claims: who reads a tenant, and who loads its snapshots again. A claim is a lease in a row, not a lock of a session: sessions are cut.

create table ops.claim (
    tenant_id text not null,
    purpose text not null check (purpose in ('read', 'replay')),
    generation bigint not null default 0,
    claimed_by text,
    worker text,
    claimed_at timestamptz,
    held_until timestamptz,
    primary key (tenant_id, purpose)
);

comment on table ops.claim is 'Who may read a tenant, or load its snapshots again, one at a time. Its holder renews it while it works.';
comment on column ops.claim.generation is 'Grows with each holder: an earlier one that was frozen and wakes up finds that it holds no more.';
comment on column ops.claim.held_until is 'Past it, the next may take over. Null: given back.';

grant select on ops.claim to orgsync_reader;
grant select, insert, update on ops.claim to orgsync_loader;
