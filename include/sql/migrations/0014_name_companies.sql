-- Whose organization each snapshot is of: a tenant's history is of one company, until somebody says that it is to be another.

alter table ops.snapshot
    drop constraint snapshot_state_check,
    add constraint snapshot_state_check check (state in ('landed', 'loaded', 'rejected', 'foreign')),
    add column company jsonb,
    add column company_accepted_at timestamptz,
    add column company_accepted_by text;

comment on column ops.snapshot.company is 'Whose organization it is: id where the platform confirms one, app_key and host of the app that read it. Null: read before it was kept.';
comment on column ops.snapshot.company_accepted_by is 'Who said that the tenant''s history goes on with this company, although it was another''s before.';
