-- Creates the schemas and the three roles. Roles belong to the whole server, so one that exists already is kept.
-- orgsync_loader writes, orgsync_reader reads with personal columns masked, orgsync_pii reads them in clear.

do $$
begin
    if not exists (select from pg_roles where rolname = 'orgsync_reader') then
        create role orgsync_reader nologin;
    end if;
    if not exists (select from pg_roles where rolname = 'orgsync_pii') then
        create role orgsync_pii nologin in role orgsync_reader;
    end if;
    if not exists (select from pg_roles where rolname = 'orgsync_loader') then
        create role orgsync_loader nologin in role orgsync_pii;
    end if;
end
$$;

create schema org;
create schema ops;
create schema stage;

comment on schema org is 'The organizations: history in *_version tables, what holds now in views.';
comment on schema ops is 'What the syncs did: snapshots, runs, plans, quarantine, expectation results.';
comment on schema stage is 'Rows of loads under way; private.';

grant usage on schema org to orgsync_reader;
grant usage on schema ops to orgsync_reader;
grant usage on schema org, ops, stage, orgsync to orgsync_loader;
grant select on orgsync.migration to orgsync_loader;
