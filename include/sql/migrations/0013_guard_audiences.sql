-- Saved audiences run with the rights of orgsync_audience, which reads the views of org and nothing else, whoever delivers; a hash over
-- what messages say is no more for readers; and who queued a message, or may do so for all, may take it back or change its todo.

comment on table notify.audience_query is 'Saved audiences: a select with a column user_id, run as orgsync_audience when a message is sent.';

do $$
begin
    if not exists (select from pg_roles where rolname = 'orgsync_audience') then
        create role orgsync_audience nologin;
    end if;
    if not exists (select from pg_roles where rolname = 'orgsync_dispatcher') then
        create role orgsync_dispatcher nologin in role orgsync_sender;
    end if;
    -- Who gives a function to a role has to be a member of it.
    if not pg_has_role(current_user, 'orgsync_audience', 'set') then
        execute format('grant orgsync_audience to %I', current_user);
    end if;
exception
    when insufficient_privilege then
        raise exception using errcode = 'NT001', message = format(
            'the server has roles of another warehouse, and %1$I may not use them: let a superuser `grant orgsync_audience to %1$I`, '
            'and create role orgsync_dispatcher (nologin in role orgsync_sender) if it is missing, then migrate again', current_user);
end
$$;

grant usage on schema org to orgsync_audience;
grant select on
    org.departments,
    org.users,
    org.memberships,
    org.department_tree,
    org.department_history,
    org.user_history,
    org.membership_history,
    org.change
to orgsync_audience;
grant execute on function
    org.departments_at(timestamptz),
    org.users_at(timestamptz),
    org.memberships_at(timestamptz)
to orgsync_audience;

drop function notify.query_audience(text, text);

-- Runs as its owner, orgsync_audience: within such a function no statement can become another role. That it is stable keeps its statements
-- from writing; that they are opened as a cursor keeps them to one. Whoever calls it sets the time it may take, forbids writing, and takes
-- back what it did (settings, locks of the transaction) when it has the answer.
create function notify.ask_audience(tenant text, statement text, most integer)
returns table (user_ids text[], strangers bigint)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    answer refcursor;
    rows bigint;
begin
    if current_user <> 'orgsync_audience' then
        raise exception using errcode = 'NT001', message = format(
            'the function notify.ask_audience belongs to %I; `alter function notify.ask_audience(text, text, integer) owner to orgsync_audience`',
            current_user);
    end if;
    open answer no scroll for execute format(
        $query$
            with named as materialized (
                select audience.user_id::text as user_id
                from (%s
) as audience
                limit $2 + 1
            )
            select
                coalesce(array_agg(distinct person.user_id) filter (where person.user_id is not null), '{}'),
                count(distinct named.user_id) filter (where person.user_id is null),
                count(*)
            from named
            left join org.users as person
              on person.tenant_id = $1
             and person.user_id = named.user_id
        $query$,
        rtrim(statement, E'; \n\r\t')
    ) using tenant, most;
    fetch answer into user_ids, strangers, rows;
    close answer;
    if rows > most then
        raise exception using errcode = 'NT001', message = format('it gives more than %s rows', most);
    end if;
    return next;
end
$$;

comment on function notify.ask_audience is
    'The people of a tenant whom the statement of a saved audience names now, and how many of its user ids are nobody''s.';

-- A new owner needs the right to create in the schema, for this moment.
grant create on schema notify to orgsync_audience;
alter function notify.ask_audience(text, text, integer) owner to orgsync_audience;
revoke create on schema notify from orgsync_audience;
revoke execute on function notify.ask_audience(text, text, integer) from public, orgsync_audience;
grant execute on function notify.ask_audience(text, text, integer) to orgsync_loader;

-- Whoever knows all of a message but a code of six digits finds that by trying.
revoke select (content_digest) on notify.message from orgsync_reader, orgsync_sender;

-- Who acts: the login, or the role that it has set for itself. Neither can be anybody else's. The roles that logins have in common are
-- nobody in particular.
create function notify.find_actor() returns name
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select case
        when current_setting('role') in ('none', 'orgsync_sender', 'orgsync_dispatcher', 'orgsync_loader', 'orgsync_pii', 'orgsync_reader')
            then session_user
        else current_setting('role')::name
    end
$$;

alter table notify.message alter column enqueued_by set default notify.find_actor();

comment on column notify.message.enqueued_by is 'The login that queued it, or the role that this login had set.';

-- Null, or why whoever acts may not take this message back or change it.
create function notify.find_objection(target notify.message) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select format('message %s was queued by %s, and %s may take back and change its own only; for all it takes the role orgsync_dispatcher',
        target.message_id, target.enqueued_by, notify.find_actor())
    where not exists (
        select
        from pg_roles as role
        where role.rolname in (target.enqueued_by, 'orgsync_dispatcher', 'orgsync_loader', current_user)
          and pg_has_role(notify.find_actor(), role.oid, 'member')
    )
$$;

create or replace function notify.change_todo(
    message bigint,
    action text,
    title text default null,
    body text default null,
    due_at timestamptz default null,
    source text default ''
) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    todo notify.message;
    problem text;
    made bigint;
begin
    select * into todo from notify.message where message.message_id = change_todo.message;
    if todo.message_id is null then
        problem := format('there is no message %s', change_todo.message);
    elsif todo.kind <> 'todo' or todo.action <> 'send' then
        problem := format('message %s is no todo', change_todo.message);
    elsif change_todo.action is null or change_todo.action not in ('update', 'complete', 'delete') then
        problem := format('action %L is not one of update, complete, delete', change_todo.action);
    elsif notify.find_objection(todo) is not null then
        problem := notify.find_objection(todo);
    elsif todo.state in ('failed', 'dead', 'expired', 'recalled') then
        problem := format('todo %s is %s, so there is nothing to change', change_todo.message, todo.state);
    elsif change_todo.action = 'update' then
        problem := notify.find_problem(
            todo.tenant_id, 'todo', coalesce(change_todo.title, todo.title), coalesce(change_todo.body, todo.body), todo.url, todo.audience, 5, now(), null
        );
    end if;
    if problem is not null then
        raise exception using errcode = 'NT001', message = format('this todo cannot be changed: %s', problem);
    end if;
    insert into notify.message (
        tenant_id, kind, action, of_message_id, title, body, url, due_at, audience, priority, not_before, source, content_digest, next_attempt_at
    )
    values (
        todo.tenant_id, 'todo', change_todo.action, todo.message_id, coalesce(change_todo.title, todo.title), coalesce(change_todo.body, todo.body),
        todo.url, coalesce(change_todo.due_at, todo.due_at), todo.audience, todo.priority, now(), coalesce(change_todo.source, ''),
        notify.digest(todo.tenant_id, 'change', gen_random_uuid()::text), now()
    )
    returning message.message_id into made;
    return made;
end
$$;

create or replace function notify.recall(message bigint) returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    target notify.message;
begin
    select * into target from notify.message where message.message_id = recall.message for update;
    if target.message_id is null then
        raise exception using errcode = 'NT001', message = format('there is no message %s to take back', recall.message);
    end if;
    if notify.find_objection(target) is not null then
        raise exception using errcode = 'NT001', message = format('this message cannot be taken back: %s', notify.find_objection(target));
    end if;
    if target.action <> 'send' then
        raise exception using errcode = 'NT001',
            message = format('message %s changes todo %s; take that one back', recall.message, target.of_message_id);
    end if;
    if target.state = 'recalled' then
        return 'recalled';
    end if;
    if target.state in ('failed', 'dead', 'expired') then
        return 'nothing was sent';
    end if;
    if target.state = 'pending' then
        update notify.message
        set state = 'recalled', reason = 'not sent yet', recall_wanted_at = now(), settled_at = now()
        where message.message_id = target.message_id;
        return 'not sent yet';
    end if;
    update notify.message
    set recall_wanted_at = coalesce(message.recall_wanted_at, now()), is_settled = false
    where message.message_id = target.message_id;
    -- A call that other messages share is taken back with the last of them.
    update notify.delivery
    set recall_after = now()
    where delivery.delivery_id in (
        select carried.delivery_id from notify.delivery_message as carried where carried.message_id = target.message_id
    )
      and delivery.state not in ('recalled', 'refused', 'dead', 'expired')
      and not exists (
        select
        from notify.delivery_message as carried
        join notify.message as other on other.message_id = carried.message_id
        where carried.delivery_id = delivery.delivery_id
          and other.recall_wanted_at is null
    );
    return 'asked';
end
$$;

revoke execute on function notify.find_actor(), notify.find_objection(notify.message) from public;
