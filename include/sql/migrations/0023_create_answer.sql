-- What somebody asks by hand (`orgsync sql`) is answered as a role that can only read, whoever connects.

-- As notify.ask_audience does: runs as its owner, within which no statement can become another role; that it is stable keeps the statement
-- from writing, that it is opened as a cursor keeps it to one. Whoever calls it forbids writing in the transaction, and ends that afterwards.
-- The cursor stays open, at its end: it tells names and types of the columns.
create function ops.answer(statement text) returns setof json
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    answer refcursor := 'orgsync answer';
    line record;
begin
    if current_user <> 'orgsync_query' then
        raise exception using errcode = 'NT001', message = format(
            'the function ops.answer belongs to %I; `alter function ops.answer(text) owner to orgsync_query`', current_user);
    end if;
    perform set_config('search_path', 'public, pg_temp', true);
    open answer no scroll for execute statement;
    loop
        fetch answer into line;
        exit when not found;
        return next (
            select coalesce(pg_catalog.json_agg(field.value), '[]')
            from pg_catalog.json_each(pg_catalog.to_json(line)) as field
        );
    end loop;
end
$$;

comment on function ops.answer is 'The rows of one query that only reads, each a list of its columns in their order.';

do $$
begin
    if not exists (select from pg_roles where rolname = 'orgsync_query') then
        create role orgsync_query nologin in role orgsync_pii;
    end if;
    -- Who gives a function to a role has to be a member of it.
    if not pg_has_role(current_user, 'orgsync_query', 'set') then
        execute format('grant orgsync_query to %I', current_user);
    end if;
exception
    when insufficient_privilege then
        raise exception using errcode = 'NT001', message = format(
            'the server has roles of another warehouse, and %1$I may not use them: let a superuser create role orgsync_query '
            '(nologin in role orgsync_pii) if it is missing, and `grant orgsync_query to %1$I`, then migrate again', current_user);
end
$$;

-- It reads what the loader reads.
grant usage on schema stage, orgsync to orgsync_query;
grant select on
    org.department_version,
    org.user_version,
    org.membership_version,
    orgsync.migration
to orgsync_query;
grant select on all tables in schema stage to orgsync_query;

-- A new owner needs the right to create in the schema, for this moment.
grant create on schema ops to orgsync_query;
alter function ops.answer(text) owner to orgsync_query;
revoke create on schema ops from orgsync_query;
revoke execute on function ops.answer(text) from public, orgsync_query;
grant execute on function ops.answer(text) to orgsync_loader;
