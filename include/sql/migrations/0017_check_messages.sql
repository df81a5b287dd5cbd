-- What may be queued: URLs that a platform opens, texts without characters that nobody sees, times that there are, tenants that are in the
-- tenants file. And whatever waits says why.

alter table notify.channel
    add column retired_at timestamptz,
    add column problem text;

comment on column notify.channel.retired_at is 'Since when it is not in the tenants file any more: nothing can be queued for it. Null: it is there.';
comment on column notify.channel.problem is 'Why nothing can be sent now, such as a missing connection; what is queued waits. Null: it can.';

-- The same as bad_url of the platforms, which a test holds against it. A URL is shown to people and opened: so none but those that a browser
-- or the platform's own app opens, and nothing in them that could show them as another.
create function notify.find_url_problem(url text, schemes jsonb) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    select case
        when url = '' then null
        when not exists (
            select from jsonb_array_elements_text(known.schemes) as scheme
            where starts_with(url, scheme || '://')
        ) then format('its URL does not begin with %s', (
            select string_agg(scheme || '://', ' or ' order by number)
            from jsonb_array_elements_text(known.schemes) with ordinality as listed (scheme, number)
        ))
        when url !~ '^[a-z]+://[^/?#]' then 'its URL names no host'
        when url ~ '[\u0001-\u0020"<>\\`\u007f-\u00a0\u00ad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufff0-\uffff]'
            then 'its URL holds a blank, a quote, a bracket or a character that is not seen; write that percent-encoded'
    end
    from (select coalesce(find_url_problem.schemes, '["http", "https"]') as schemes) as known
$$;

-- The same as clean of the outbox's values, which a test holds against it: every line end as one, and no other control character, nor
-- one that turns the direction of writing and can show a text as another.
create function notify.clean(value text) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    select regexp_replace(
        regexp_replace(value, '\r\n?|[\u000b\u000c\u0085\u2028\u2029]', E'\n', 'g'),
        '[\u0001-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]', '', 'g'
    )
$$;

-- PostgreSQL has times that no calendar has.
create function notify.find_time_problem(name text, instant timestamptz) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    select format('%s is no time that a calendar has; give one between the years 1970 and 9000, or leave it out', name)
    where not isfinite(instant) or instant not between '1970-01-01 00:00:00+00' and '9000-01-01 00:00:00+00'
$$;

-- Why a message of a tenant that may go at an instant (starts_at) has not gone yet, when nothing else is known of it.
create function notify.explain_wait(tenant text, starts_at timestamptz) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select case
        when channel.retired_at is not null
            then format('tenant %s is not in the tenants file any more: put its stanza back, or take the message back', tenant)
        when channel.problem is not null then format('tenant %s cannot send now: %s', tenant, channel.problem)
        when starts_at > now()
            then format('it goes after %s UTC, with a run of the DAG org_notify or `orgsync push`', to_char(starts_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI'))
        else 'it goes with the next run of the DAG org_notify, unless that is paused, or with `orgsync push`'
    end
    from (select) as once
    left join notify.channel as channel on channel.tenant_id = explain_wait.tenant
$$;

update notify.message
set reason = notify.explain_wait(tenant_id, not_before)
where state in ('pending', 'claimed')
  and reason is null;

alter table notify.message add constraint message_says_why_it_waits check (state not in ('pending', 'claimed') or reason is not null);

create or replace function notify.find_problem(
    tenant text, kind text, title text, body text, url text, audience jsonb, priority integer, not_before timestamptz, expires_at timestamptz
) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    target notify.channel;
    longest jsonb;
    size integer;
begin
    select * into target from notify.channel where channel.tenant_id = tenant;
    if target.tenant_id is null then
        return format('there is no tenant %L to send to; the outbox knows: %s. A new stanza of the tenants file is known after its first sync or `orgsync push`',
            tenant, (
                select coalesce(string_agg(known.tenant_id, ', ' order by known.tenant_id), 'none')
                from notify.channel as known
                where known.retired_at is null
            ));
    end if;
    if target.retired_at is not null then
        return format('tenant %L is not in the tenants file any more; put its stanza back, then `orgsync push`', tenant);
    end if;
    if kind is null or kind not in ('text', 'markdown', 'card', 'announcement', 'todo') then
        return format('kind %L is not one of text, markdown, card, announcement, todo', kind);
    end if;
    if priority is null or priority not between 0 and 9 then
        return format('priority %s is not a number from 0 to 9, the most urgent', coalesce(priority::text, 'null'));
    end if;
    if expires_at <= greatest(not_before, now()) then
        return format('it expires at %s, before it may be sent; leave expires_at out, or set it later', expires_at);
    end if;
    if notify.find_url_problem(url, target.limits -> 'url_schemes') is not null then
        return notify.find_url_problem(url, target.limits -> 'url_schemes');
    end if;
    if btrim(title) = '' and btrim(body) = '' then
        return 'it says nothing: it has neither title nor body';
    end if;
    longest := coalesce(target.limits -> 'longest' -> kind, '{}');
    if (longest ->> 'needs_title')::boolean and btrim(title) = '' then
        return format('a %s on %s needs a title', kind, target.platform);
    end if;
    if (longest ->> 'needs_body')::boolean and btrim(body) = '' then
        return format('a %s on %s needs a body', kind, target.platform);
    end if;
    if (longest ->> 'needs_url')::boolean and url = '' then
        return format('a %s on %s needs a URL', kind, target.platform);
    end if;
    size := octet_length(title) + octet_length(body) + octet_length(url);
    if (longest ->> 'total_bytes')::integer between 1 and size - 1 then
        return format('title, body and URL have %s bytes together; a %s on %s may have %s', size, kind, target.platform, longest ->> 'total_bytes');
    end if;
    if (longest ->> 'title_characters')::integer between 1 and length(title) - 1 then
        return format('the title has %s characters; that of a %s on %s may have %s', length(title), kind, target.platform, longest ->> 'title_characters');
    end if;
    if (longest ->> 'body_characters')::integer between 1 and length(body) - 1 then
        return format('the body has %s characters; that of a %s on %s may have %s', length(body), kind, target.platform, longest ->> 'body_characters');
    end if;
    if (longest ->> 'url_bytes')::integer between 1 and octet_length(url) - 1 then
        return format('the URL has %s bytes; that of a %s on %s may have %s', octet_length(url), kind, target.platform, longest ->> 'url_bytes');
    end if;
    return notify.find_audience_problem(tenant, audience);
end
$$;

create or replace function notify.enqueue(
    tenant text,
    kind text,
    title text default '',
    body text default '',
    url text default '',
    audience jsonb default null,
    priority integer default 5,
    not_before timestamptz default null,
    expires_at timestamptz default null,
    dedupe_key text default null,
    source text default '',
    due_at timestamptz default null
) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    problem text;
    made bigint;
    starts_at constant timestamptz := coalesce(enqueue.not_before, now());
begin
    title := notify.clean(coalesce(title, ''));
    body := notify.clean(coalesce(body, ''));
    url := coalesce(url, '');
    select message.message_id into made
    from notify.message
    where message.tenant_id = enqueue.tenant and message.dedupe_key = enqueue.dedupe_key;
    if made is not null then
        return made;
    end if;
    problem := coalesce(
        notify.find_time_problem('not_before', enqueue.not_before),
        notify.find_time_problem('expires_at', enqueue.expires_at),
        notify.find_time_problem('due_at', enqueue.due_at),
        notify.find_problem(tenant, kind, title, body, url, audience, priority, starts_at, expires_at)
    );
    if problem is not null then
        raise exception using errcode = 'NT001', message = format('this message cannot be queued: %s', problem);
    end if;
    insert into notify.message (
        tenant_id, kind, title, body, url, due_at, audience, priority, not_before, expires_at, dedupe_key, source, content_digest, next_attempt_at, reason
    )
    values (
        enqueue.tenant, enqueue.kind, enqueue.title, enqueue.body, enqueue.url, enqueue.due_at, enqueue.audience, enqueue.priority, starts_at,
        enqueue.expires_at, nullif(enqueue.dedupe_key, ''), coalesce(enqueue.source, ''),
        notify.digest(enqueue.tenant, enqueue.kind, enqueue.title, enqueue.body, enqueue.url, extract(epoch from enqueue.due_at)::text),
        starts_at, notify.explain_wait(enqueue.tenant, starts_at)
    )
    on conflict on constraint message_dedupe_key do nothing
    returning message.message_id into made;
    if made is null then
        -- Another session was first.
        select message.message_id into strict made
        from notify.message
        where message.tenant_id = enqueue.tenant and message.dedupe_key = enqueue.dedupe_key;
    end if;
    return made;
end
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
    title := notify.clean(title);
    body := notify.clean(body);
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
        problem := coalesce(notify.find_time_problem('due_at', change_todo.due_at), notify.find_problem(
            todo.tenant_id, 'todo', coalesce(change_todo.title, todo.title), coalesce(change_todo.body, todo.body), todo.url, todo.audience, 5, now(), null
        ));
    end if;
    if problem is not null then
        raise exception using errcode = 'NT001', message = format('this todo cannot be changed: %s', problem);
    end if;
    insert into notify.message (
        tenant_id, kind, action, of_message_id, title, body, url, due_at, audience, priority, not_before, source, content_digest, next_attempt_at, reason
    )
    values (
        todo.tenant_id, 'todo', change_todo.action, todo.message_id, coalesce(change_todo.title, todo.title), coalesce(change_todo.body, todo.body),
        todo.url, coalesce(change_todo.due_at, todo.due_at), todo.audience, todo.priority, now(), coalesce(change_todo.source, ''),
        notify.digest(todo.tenant_id, 'change', gen_random_uuid()::text), now(),
        notify.explain_wait(todo.tenant_id, now())
    )
    returning message.message_id into made;
    return made;
end
$$;

revoke execute on function
    notify.find_url_problem(text, jsonb),
    notify.clean(text),
    notify.find_time_problem(text, timestamptz),
    notify.explain_wait(text, timestamptz)
from public;
grant execute on function notify.explain_wait(text, timestamptz) to orgsync_loader;
