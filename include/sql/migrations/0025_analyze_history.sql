-- Right after a large load PostgreSQL knows nothing of what history holds until its autovacuum comes by, and a join over everybody then takes
-- minutes. As with stage.analyze_rows, the owner lends this one thing.
create function stage.analyze_history() returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    analyze org.department_version, org.user_version, org.membership_version;
end
$$;
comment on function stage.analyze_history is 'Tells the planner what history holds, as the owner of its tables.';

revoke execute on function stage.analyze_history() from public;
grant execute on function stage.analyze_history() to orgsync_loader;
