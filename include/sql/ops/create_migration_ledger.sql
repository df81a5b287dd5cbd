-- The list of applied migrations. In a schema of its own, since ops itself is made by one. Harmless when run again.
create schema if not exists orgsync;
create table if not exists orgsync.migration (
    version integer primary key,
    name text not null,
    digest text not null,
    applied_at timestamptz not null default clock_timestamp()
)
