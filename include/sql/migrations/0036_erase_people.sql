-- What must go can go: a tenant or a person is erased everywhere, messages that are long done become numbers; and a tenant that left the
-- tenants file is known as retired.

create table ops.tenant (
    tenant_id text primary key,
    platform text not null,
    first_seen_at timestamptz not null default now(),
    seen_at timestamptz not null default now(),
    retired_at timestamptz
);

comment on table ops.tenant is 'The tenants that the tenants file holds or held, as those who read it saw it.';
comment on column ops.tenant.first_seen_at is 'When it was first in the file; of a tenant from before this was kept, when it was first read.';
comment on column ops.tenant.seen_at is 'When it was last seen in the file.';
comment on column ops.tenant.retired_at is 'Since when it is in the file no more. Null: it is there, or nobody has read the file since.';

insert into ops.tenant (tenant_id, platform, first_seen_at, seen_at)
select distinct on (snapshot.tenant_id)
    snapshot.tenant_id,
    snapshot.platform,
    min(snapshot.taken_at) over (partition by snapshot.tenant_id),
    max(snapshot.taken_at) over (partition by snapshot.tenant_id)
from ops.snapshot
order by snapshot.tenant_id, snapshot.taken_at desc;

-- Who was erased is in no column. While an erasure is under way, what to look for has to be kept: it goes with the last step of it.
create table ops.erasure (
    erasure_id bigint generated always as identity primary key,
    tenant_id text not null,
    subject text not null check (subject in ('tenant', 'person')),
    asked_by text not null,
    asked_at timestamptz not null default now(),
    is_present_welcome boolean not null default false,
    state text not null default 'wanted' check (state in ('wanted', 'under_way', 'done', 'refused')),
    reason text,
    finished_at timestamptz,
    salt text not null,
    subject_hash text not null,
    counts jsonb not null default '{}'
);

create index erasure_by_tenant on ops.erasure (tenant_id, erasure_id);
create unique index erasure_unfinished on ops.erasure (tenant_id, subject_hash) where state in ('wanted', 'under_way');

comment on table ops.erasure is 'Who was erased and when, without saying who: for whoever has to show it, and to erase again what comes back with a backup.';
comment on column ops.erasure.asked_by is 'The login of the administrator, as in ops.audit.';
comment on column ops.erasure.is_present_welcome is 'Whether it goes on although the person was there in the newest read, so that the next one brings them back as somebody new.';
comment on column ops.erasure.reason is 'Why it was refused.';
comment on column ops.erasure.subject_hash is 'A slow salted hash over the person''s id: whether somebody is meant can be found out, who was meant not be read off. Of a tenant, over its id.';
comment on column ops.erasure.counts is 'How many rows, records and files were removed or changed, by place.';

create table ops.erasure_value (
    erasure_id bigint not null references ops.erasure (erasure_id),
    kind text not null check (kind in ('key', 'id', 'value', 'change', 'snapshot')),
    value text not null,
    primary key (erasure_id, kind, value)
);

comment on table ops.erasure_value is 'What is looked for while an erasure is wanted or under way; empty of each that is done.';
comment on column ops.erasure_value.kind is 'key: the user id; id: any id of the person; value: what nobody else has, searched in texts; change: an id of org.change that messages were about; snapshot: one that held the person.';

create table notify.message_month (
    tenant_id text not null,
    month date not null,
    platform text not null,
    kind text not null,
    action text not null,
    state text not null,
    messages bigint not null,
    recipients bigint not null,
    attempts bigint not null,
    calls bigint not null,
    primary key (tenant_id, month, platform, kind, action, state)
);

comment on table notify.message_month is 'Messages that were removed as their tenant''s retention says, as numbers: those of a month (UTC) by kind and what became of them.';

-- A text without what a pattern finds; an empty one finds nothing.
create function ops.clean_text(value text, pattern text) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    select case when pattern = '' then value else regexp_replace(value, pattern, '***', 'g') end
$$;

create function ops.clean_texts(texts text[], pattern text) returns text[]
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    select array(
        select ops.clean_text(told.line, pattern)
        from unnest(texts) with ordinality as told (line, place)
        order by told.place
    )
$$;

-- A report of a plan without some people. It names keys alone; it is json, whose order counts, so it is changed as the text that it is.
create function ops.blank_report(report json, ids text[]) returns json
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    written text := report::text;
    id text;
begin
    foreach id in array ids loop
        written := replace(written, '"user_id": ' || to_jsonb(id)::text, '"user_id": null');
        written := replace(written, '"user_id": "' || id || '"', '"user_id": null');
    end loop;
    return written::json;
end
$$;

-- What a JSON value says without a person: their ids go out of the fields that hold ids of people (mentions), what a pattern finds out of texts.
create function ops.clean_json(value jsonb, ids text[], mentions text[], pattern text, field text default '') returns jsonb
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    return case jsonb_typeof(value)
        when 'object' then coalesce((
            select jsonb_object_agg(entry.key, ops.clean_json(entry.value, ids, mentions, pattern, entry.key))
            from jsonb_each(value) as entry
            where not (entry.key = any (mentions) and jsonb_typeof(entry.value) = 'string' and entry.value #>> '{}' = any (ids))
              and ops.clean_text(entry.key, pattern) = entry.key
        ), '{}')
        when 'array' then coalesce((
            select jsonb_agg(ops.clean_json(entry.value, ids, mentions, pattern) order by entry.place)
            from jsonb_array_elements(value) with ordinality as entry (value, place)
            where not (field = any (mentions) and jsonb_typeof(entry.value) = 'string' and entry.value #>> '{}' = any (ids))
        ), '[]')
        when 'string' then to_jsonb(ops.clean_text(value #>> '{}', pattern))
        else value
    end;
end
$$;

-- Equal neighbours of the versions of some people, or departments, become one again.
create function ops.join_versions(tenant text, users text[], departments text[]) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    island record;
begin
    for island in
        select joined.user_id as key, min(joined.valid_from) as valid_from, nullif(max(coalesce(joined.valid_to, 'infinity')), 'infinity') as valid_to
        from (
            select marked.*, count(*) filter (where marked.is_first) over (partition by marked.user_id order by marked.valid_from) as number
            from (
                select
                    version.user_id,
                    version.valid_from,
                    version.valid_to,
                    lag(version.valid_to) over by_time is distinct from version.valid_from
                        or lag(version.content_hash) over by_time is distinct from version.content_hash as is_first
                from org.user_version as version
                where version.tenant_id = join_versions.tenant
                  and version.user_id = any (users)
                window by_time as (partition by version.user_id order by version.valid_from)
            ) as marked
        ) as joined
        group by joined.user_id, joined.number
        having count(*) > 1
    loop
        delete from org.user_version as version
        where version.tenant_id = join_versions.tenant
          and version.user_id = island.key
          and version.valid_from > island.valid_from
          and version.valid_from < coalesce(island.valid_to, 'infinity');
        update org.user_version as version
        set valid_to = island.valid_to
        where version.tenant_id = join_versions.tenant
          and version.user_id = island.key
          and version.valid_from = island.valid_from;
    end loop;
    for island in
        select joined.department_id as key, min(joined.valid_from) as valid_from, nullif(max(coalesce(joined.valid_to, 'infinity')), 'infinity') as valid_to
        from (
            select marked.*, count(*) filter (where marked.is_first) over (partition by marked.department_id order by marked.valid_from) as number
            from (
                select
                    version.department_id,
                    version.valid_from,
                    version.valid_to,
                    lag(version.valid_to) over by_time is distinct from version.valid_from
                        or lag(version.content_hash) over by_time is distinct from version.content_hash as is_first
                from org.department_version as version
                where version.tenant_id = join_versions.tenant
                  and version.department_id = any (departments)
                window by_time as (partition by version.department_id order by version.valid_from)
            ) as marked
        ) as joined
        group by joined.department_id, joined.number
        having count(*) > 1
    loop
        delete from org.department_version as version
        where version.tenant_id = join_versions.tenant
          and version.department_id = island.key
          and version.valid_from > island.valid_from
          and version.valid_from < coalesce(island.valid_to, 'infinity');
        update org.department_version as version
        set valid_to = island.valid_to
        where version.tenant_id = join_versions.tenant
          and version.department_id = island.key
          and version.valid_from = island.valid_from;
    end loop;
end
$$;

-- Takes a person out of every table. Run again it finds nothing. mentions are the fields of attributes that hold ids of people, pattern finds
-- the texts that nobody else has, problem_pattern also their ids where a problem of a read names them; needles finds where it is worth looking.
create function ops.erase_person(erasure bigint, mentions text[], pattern text, problem_pattern text, needles text) returns jsonb
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    wanted ops.erasure;
    keys text[];
    ids text[];
    changes text[];
    actors text[];
    instants timestamptz[];
    of_users text[];
    of_departments text[];
    told bigint[];
    found jsonb := '{}';
    number bigint;
    more bigint;
    snapshot record;
begin
    select * into strict wanted from ops.erasure where erasure.erasure_id = erase_person.erasure and erasure.subject = 'person' for update;
    select
        coalesce(array_agg(known.value) filter (where known.kind = 'key'), '{}'),
        coalesce(array_agg(known.value) filter (where known.kind in ('key', 'id')), '{}'),
        coalesce(array_agg(known.value) filter (where known.kind = 'change'), '{}')
    into keys, ids, changes
    from ops.erasure_value as known
    where known.erasure_id = wanted.erasure_id;
    actors := array(select wanted.tenant_id || ':' || key from unnest(keys) as key);

    -- History. What others' versions say of the person is as if nobody had been there, and what then is equal is one again.
    select array_agg(distinct change.changed_at) into instants
    from org.headcount_change as change
    where change.tenant_id = wanted.tenant_id
      and change.changed_at >= (
        select min(version.valid_from) from org.user_version as version where version.tenant_id = wanted.tenant_id and version.user_id = any (keys)
    );
    with gone as (
        delete from org.membership_version as version
        where version.tenant_id = wanted.tenant_id and version.user_id = any (keys)
        returning 1
    ) select count(*) into number from gone;
    found := found || jsonb_build_object('org.membership_version', number);
    with gone as (
        delete from org.user_version as version
        where version.tenant_id = wanted.tenant_id and version.user_id = any (keys)
        returning 1
    ) select count(*) into number from gone;
    with changed as (
        update org.user_version as version
        set manager_user_id = case when version.manager_user_id = any (ids) then null else version.manager_user_id end,
            attributes = ops.clean_json(version.attributes, ids, mentions, pattern)
        where version.tenant_id = wanted.tenant_id
          and (
            version.manager_user_id = any (ids)
            or (
                version.attributes::text ~ needles
                and ops.clean_json(version.attributes, ids, mentions, pattern) is distinct from version.attributes
            )
        )
        returning version.user_id
    ) select count(*), array_agg(distinct changed.user_id) into more, of_users from changed;
    found := found || jsonb_build_object('org.user_version', number, 'org.user_version: mentions', more);
    with changed as (
        update org.department_version as version
        set leader_user_ids = array(
                select leader.id
                from unnest(version.leader_user_ids) with ordinality as leader (id, place)
                where leader.id <> all (ids)
                order by leader.place
            ),
            attributes = ops.clean_json(version.attributes, ids, mentions, pattern)
        where version.tenant_id = wanted.tenant_id
          and (
            version.leader_user_ids && ids
            or (
                version.attributes::text ~ needles
                and ops.clean_json(version.attributes, ids, mentions, pattern) is distinct from version.attributes
            )
        )
        returning version.department_id
    ) select count(*), array_agg(distinct changed.department_id) into more, of_departments from changed;
    found := found || jsonb_build_object('org.department_version: mentions', more);
    update org.user_version as version
    set content_hash = md5(row(
        version.union_id, version.open_id, version.name, version.name_en, version.nickname, version.mobile, version.email, version.work_email,
        version.telephone, version.gender, version.avatar_url, version.title, version.job_number, version.work_place, version.employee_type,
        version.hired_on, version.status, version.is_admin, version.manager_user_id, version.main_department_id, version.attributes
    )::stage.user_content::text)
    where version.tenant_id = wanted.tenant_id and version.user_id = any (of_users);
    update org.department_version as version
    set content_hash = md5(row(
        version.parent_id, version.name, version.name_en, version.sort_order, version.is_hidden, version.source_identifier,
        version.leader_user_ids, version.attributes
    )::stage.department_content::text)
    where version.tenant_id = wanted.tenant_id and version.department_id = any (of_departments);
    perform ops.join_versions(wanted.tenant_id, of_users, of_departments);
    perform stage.count_heads(wanted.tenant_id, counted.instant) from unnest(instants) as counted (instant);

    -- What the syncs did.
    with gone as (
        delete from ops.quarantine as kept
        where kept.tenant_id = wanted.tenant_id and kept.user_id = any (ids)
        returning 1
    ) select count(*) into number from gone;
    update ops.quarantine as kept
    set reason = ops.clean_text(kept.reason, pattern)
    where kept.tenant_id = wanted.tenant_id and ops.clean_text(kept.reason, pattern) <> kept.reason;
    found := found || jsonb_build_object('ops.quarantine', number);
    with gone as (
        delete from ops.plan_change as change
        using ops.plan
        where plan.tenant_id = wanted.tenant_id
          and plan.plan_id = change.plan_id
          and (
            change.user_id = any (ids)
            or change.value_from = any (ids)
            or change.value_to = any (ids)
            or case when change.column_name = 'leader_user_ids' then change.value_from::text[] && ids or change.value_to::text[] && ids end
            or ops.clean_text(concat_ws(E'\n', change.value_from, change.value_to, change.names_from, change.names_to), problem_pattern)
                <> concat_ws(E'\n', change.value_from, change.value_to, change.names_from, change.names_to)
        )
        returning change.plan_id
    ) select count(*), array_agg(distinct gone.plan_id) into number, told from gone;
    found := found || jsonb_build_object('ops.plan_change', number);
    update ops.plan
    set digest = case when plan.plan_id = any (told) then null else plan.digest end,
        decided_by = case when plan.decided_by = any (actors || ids) then '***' else plan.decided_by end,
        report = ops.blank_report(plan.report, ids)
    where plan.tenant_id = wanted.tenant_id
      and (
        plan.plan_id = any (told)
        or plan.decided_by = any (actors || ids)
        or ops.blank_report(plan.report, ids)::text <> plan.report::text
    );
    number := 0;
    for snapshot in
        select known.snapshot_id, known.decided_at
        from ops.snapshot as known
        where known.tenant_id = wanted.tenant_id
          and (
            ops.clean_text(array_to_string(known.problems, E'\n'), problem_pattern) <> array_to_string(known.problems, E'\n')
            or ops.clean_json(known.visible_range, ids, array['users'], '') <> known.visible_range
            or known.decided_by = any (actors || ids)
            or known.company_accepted_by = any (actors || ids)
        )
    loop
        update ops.snapshot as known
        set problems = ops.clean_texts(known.problems, problem_pattern),
            visible_range = ops.clean_json(known.visible_range, ids, array['users'], ''),
            decided_by = case when known.decided_by = any (actors || ids) then '***' else known.decided_by end,
            company_accepted_by = case when known.company_accepted_by = any (actors || ids) then '***' else known.company_accepted_by end
        where known.snapshot_id = snapshot.snapshot_id;
        -- Nothing was decided by that.
        update ops.snapshot as known
        set decided_at = snapshot.decided_at
        where known.snapshot_id = snapshot.snapshot_id
          and known.decided_at is distinct from snapshot.decided_at;
        number := number + 1;
    end loop;
    found := found || jsonb_build_object('ops.snapshot', number);
    update ops.sync_run as run
    set error = ops.clean_text(run.error, problem_pattern),
        warnings = ops.clean_texts(run.warnings, problem_pattern)
    where run.tenant_id = wanted.tenant_id
      and ops.clean_text(concat_ws(E'\n', run.error, array_to_string(run.warnings, E'\n')), problem_pattern)
        <> concat_ws(E'\n', run.error, array_to_string(run.warnings, E'\n'));
    get diagnostics number = row_count;
    found := found || jsonb_build_object('ops.sync_run', number);
    update ops.doctor_check as found
    set reason = ops.clean_text(found.reason, pattern),
        fix = ops.clean_text(found.fix, pattern),
        lost = ops.clean_text(found.lost, pattern),
        reason_zh = ops.clean_text(found.reason_zh, pattern),
        fix_zh = ops.clean_text(found.fix_zh, pattern),
        lost_zh = ops.clean_text(found.lost_zh, pattern)
    where found.tenant_id in (wanted.tenant_id, '')
      and ops.clean_text(concat_ws(E'\n', found.reason, found.fix, found.lost, found.reason_zh, found.fix_zh, found.lost_zh), pattern)
        <> concat_ws(E'\n', found.reason, found.fix, found.lost, found.reason_zh, found.fix_zh, found.lost_zh);
    get diagnostics number = row_count;
    found := found || jsonb_build_object('ops.doctor_check', number);
    with gone as (
        delete from ops.audit
        where audit.tenant_id = wanted.tenant_id
          and audit.subject = any (ids)
          and not starts_with(audit.action, 'message.')
        returning 1
    ) select count(*) into number from gone;
    update ops.audit
    set actor = case when audit.actor = any (actors) then '***' else audit.actor end,
        detail = ops.clean_text(audit.detail, problem_pattern)
    where audit.actor = any (actors)
       or (audit.tenant_id = wanted.tenant_id and ops.clean_text(audit.detail, problem_pattern) <> audit.detail);
    get diagnostics more = row_count;
    found := found || jsonb_build_object('ops.audit', number + more);

    -- The outbox. Calls and what they cost stay, or quotas would be counted wrongly: what was said, and to whom, goes.
    select coalesce(array_agg(message.message_id), '{}') into told
    from notify.message
    where message.tenant_id = wanted.tenant_id
      and (
        (
            message.audience -> 'users' <@ to_jsonb(ids)
            and jsonb_array_length(message.audience -> 'users') > 0
            and not message.audience ? 'departments'
            and not message.audience ? 'query'
        )
        or split_part(message.dedupe_key, ':', 2) = any (changes) and starts_with(message.dedupe_key, 'change:')
    );
    select coalesce(array_agg(distinct message.message_id), '{}') into told
    from notify.message
    where message.message_id = any (told) or message.of_message_id = any (told);
    update notify.message
    set title = '***',
        body = '',
        url = '',
        audience = ops.clean_json(message.audience, ids, array['users'], pattern),
        source = ops.clean_text(message.source, pattern),
        dedupe_key = case when not starts_with(message.dedupe_key, 'change:') and ops.clean_text(message.dedupe_key, problem_pattern) = message.dedupe_key then message.dedupe_key end,
        content_digest = notify.digest('forgotten', gen_random_uuid()::text),
        reason = case when message.state = 'pending' then 'who it was for or about was forgotten' else ops.clean_text(message.reason, pattern) end,
        settled_at = case when message.state = 'pending' then now() else message.settled_at end,
        state = case when message.state = 'pending' then 'recalled' else message.state end
    where message.message_id = any (told);
    get diagnostics number = row_count;
    update notify.message
    set title = ops.clean_text(message.title, pattern),
        body = ops.clean_text(message.body, pattern),
        url = ops.clean_text(message.url, pattern),
        audience = ops.clean_json(message.audience, ids, array['users'], pattern),
        source = ops.clean_text(message.source, pattern),
        dedupe_key = case when ops.clean_text(message.dedupe_key, pattern) = message.dedupe_key then message.dedupe_key end,
        reason = ops.clean_text(message.reason, pattern)
    where message.tenant_id = wanted.tenant_id
      and message.message_id <> all (told)
      and (
        ops.clean_json(message.audience, ids, array['users'], pattern) <> message.audience
        or ops.clean_text(concat_ws(E'\n', message.title, message.body, message.url, message.source, message.dedupe_key, message.reason), pattern)
            <> concat_ws(E'\n', message.title, message.body, message.url, message.source, message.dedupe_key, message.reason)
    );
    get diagnostics more = row_count;
    found := found || jsonb_build_object('notify.message', number + more);
    with gone as (
        delete from notify.recipient
        using notify.message
        where message.message_id = recipient.message_id
          and message.tenant_id = wanted.tenant_id
          and recipient.user_id = any (ids)
        returning recipient.delivery_id
    ), emptied as (
        update notify.delivery
        set state = 'recalled', reason = 'who it was for was forgotten'
        where delivery.delivery_id in (select gone.delivery_id from gone)
          and delivery.state = 'waiting'
          and not delivery.to_all
          and delivery.department_ids = '{}'
          and not exists (
            select from notify.recipient as other
            where other.delivery_id = delivery.delivery_id and other.user_id <> all (ids)
        )
        returning 1
    ) select count(*) into number from gone;
    found := found || jsonb_build_object('notify.recipient', number);
    update notify.recipient
    set reason = ops.clean_text(recipient.reason, problem_pattern)
    from notify.message
    where message.message_id = recipient.message_id
      and message.tenant_id = wanted.tenant_id
      and ops.clean_text(recipient.reason, problem_pattern) <> recipient.reason;
    update notify.delivery
    set reason = ops.clean_text(delivery.reason, problem_pattern)
    where delivery.tenant_id = wanted.tenant_id and ops.clean_text(delivery.reason, problem_pattern) <> delivery.reason;
    update notify.attempt
    set reason = ops.clean_text(attempt.reason, problem_pattern)
    where attempt.tenant_id = wanted.tenant_id and ops.clean_text(attempt.reason, problem_pattern) <> attempt.reason;
    update notify.announced_plan as announced
    set problems = array(
        select problem from unnest(announced.problems) as problem
        where not exists (select from unnest(changes) as change (id) where starts_with(problem, 'change ' || change.id))
    )
    where announced.tenant_id = wanted.tenant_id
      and exists (
        select from unnest(announced.problems) as problem
        join unnest(changes) as change (id) on starts_with(problem, 'change ' || change.id)
    );

    -- Rows of loads under way.
    delete from stage.user as staged using ops.plan where plan.plan_id = staged.plan_id and plan.tenant_id = wanted.tenant_id and staged.user_id = any (keys);
    delete from stage.membership as staged using ops.plan where plan.plan_id = staged.plan_id and plan.tenant_id = wanted.tenant_id and staged.user_id = any (keys);
    -- Added, for what was cut off is run again.
    update ops.erasure
    set counts = (
        select coalesce(jsonb_object_agg(place.name, coalesce((wanted.counts ->> place.name)::bigint, 0) + coalesce((found ->> place.name)::bigint, 0)), '{}')
        from (select jsonb_object_keys(wanted.counts) union select jsonb_object_keys(found)) as place (name)
    )
    where erasure.erasure_id = wanted.erasure_id;
    return found;
end
$$;

-- Takes a whole tenant out of every table, but for the record of it. Run again it finds nothing.
create function ops.erase_tenant(erasure bigint) returns jsonb
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    wanted ops.erasure;
    found jsonb := '{}';
    number bigint;
begin
    select * into strict wanted from ops.erasure where erasure.erasure_id = erase_tenant.erasure and erasure.subject = 'tenant' for update;

    delete from notify.recipient using notify.message where message.message_id = recipient.message_id and message.tenant_id = wanted.tenant_id;
    delete from notify.delivery_message using notify.message where message.message_id = delivery_message.message_id and message.tenant_id = wanted.tenant_id;
    delete from notify.attempt where attempt.tenant_id = wanted.tenant_id;
    delete from notify.delivery where delivery.tenant_id = wanted.tenant_id;
    delete from notify.message where message.tenant_id = wanted.tenant_id;
    get diagnostics number = row_count;
    found := found || jsonb_build_object('notify.message', number);
    delete from notify.announced_plan where announced_plan.tenant_id = wanted.tenant_id;
    delete from notify.audience_query where audience_query.tenant_id = wanted.tenant_id;
    delete from notify.channel where channel.tenant_id = wanted.tenant_id;
    delete from notify.message_month where message_month.tenant_id = wanted.tenant_id;

    delete from org.membership_version where membership_version.tenant_id = wanted.tenant_id;
    get diagnostics number = row_count;
    found := found || jsonb_build_object('org.membership_version', number);
    delete from org.user_version where user_version.tenant_id = wanted.tenant_id;
    get diagnostics number = row_count;
    found := found || jsonb_build_object('org.user_version', number);
    delete from org.department_version where department_version.tenant_id = wanted.tenant_id;
    get diagnostics number = row_count;
    found := found || jsonb_build_object('org.department_version', number);
    delete from org.headcount_change where headcount_change.tenant_id = wanted.tenant_id;
    delete from org.search_key where search_key.tenant_id = wanted.tenant_id;

    delete from stage.department as staged using ops.plan where plan.plan_id = staged.plan_id and plan.tenant_id = wanted.tenant_id;
    delete from stage.user as staged using ops.plan where plan.plan_id = staged.plan_id and plan.tenant_id = wanted.tenant_id;
    delete from stage.membership as staged using ops.plan where plan.plan_id = staged.plan_id and plan.tenant_id = wanted.tenant_id;
    delete from stage.affected as staged using ops.plan where plan.plan_id = staged.plan_id and plan.tenant_id = wanted.tenant_id;
    delete from stage.observation as staged using ops.plan where plan.plan_id = staged.plan_id and plan.tenant_id = wanted.tenant_id;
    delete from stage.timeline as staged using ops.plan where plan.plan_id = staged.plan_id and plan.tenant_id = wanted.tenant_id;
    delete from stage.unseen as staged using ops.plan where plan.plan_id = staged.plan_id and plan.tenant_id = wanted.tenant_id;
    delete from ops.sync_run where sync_run.tenant_id = wanted.tenant_id;
    get diagnostics number = row_count;
    found := found || jsonb_build_object('ops.sync_run', number);
    update ops.snapshot set plan_id = null where snapshot.tenant_id = wanted.tenant_id;
    delete from ops.plan where plan.tenant_id = wanted.tenant_id;
    get diagnostics number = row_count;
    found := found || jsonb_build_object('ops.plan', number);
    delete from ops.snapshot where snapshot.tenant_id = wanted.tenant_id;
    get diagnostics number = row_count;
    found := found || jsonb_build_object('ops.snapshot', number);
    delete from ops.doctor_check where doctor_check.tenant_id = wanted.tenant_id;
    delete from ops.audit where audit.tenant_id = wanted.tenant_id;
    get diagnostics number = row_count;
    found := found || jsonb_build_object('ops.audit', number);
    update ops.audit set actor = '***' where starts_with(audit.actor, wanted.tenant_id || ':');
    delete from ops.erasure_value using ops.erasure as other
    where other.erasure_id = erasure_value.erasure_id and other.tenant_id = wanted.tenant_id and other.subject = 'person';
    update ops.erasure as other set state = 'refused', reason = 'its tenant was erased', finished_at = now()
    where other.tenant_id = wanted.tenant_id and other.subject = 'person' and other.state in ('wanted', 'under_way');
    delete from ops.claim where claim.tenant_id = wanted.tenant_id and claim.purpose <> 'app';
    update ops.claim set claimed_by = '***' where claim.purpose = 'app' and starts_with(claim.claimed_by, wanted.tenant_id || '/');
    delete from ops.tenant where tenant.tenant_id = wanted.tenant_id;
    -- Added, for what was cut off is run again.
    update ops.erasure
    set counts = (
        select coalesce(jsonb_object_agg(place.name, coalesce((wanted.counts ->> place.name)::bigint, 0) + coalesce((found ->> place.name)::bigint, 0)), '{}')
        from (select jsonb_object_keys(wanted.counts) union select jsonb_object_keys(found)) as place (name)
    )
    where erasure.erasure_id = wanted.erasure_id;
    return found;
end
$$;

-- Removes messages of a tenant that were settled before an instant, so many at most, and adds them to the numbers of their months. Todos go with
-- the last change of them, messages that share calls together. Returns how many went; run until it is none.
create function notify.forget_messages(tenant text, before timestamptz, most integer) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    gone bigint[];
    call_ids bigint[];
    leaving_ids bigint[];
begin
    with ripe as (
        select message.message_id
        from notify.message
        where message.tenant_id = forget_messages.tenant
          and message.is_settled
          and message.state not in ('pending', 'claimed')
          and coalesce(message.settled_at, message.created_at) < before
          and not exists (
            select from notify.delivery_message as carried
            join notify.delivery on delivery.delivery_id = carried.delivery_id
            where carried.message_id = message.message_id
              and (delivery.state in ('waiting', 'calling', 'unknown') or delivery.recall_after is not null or delivery.results_after >= before)
        )
        order by message.message_id
        limit most
    )
    select coalesce(array_agg(ripe.message_id), '{}') into gone from ripe;
    -- Of a todo and its changes, and of messages that share a call, one that stays keeps the others.
    loop
        select coalesce(array_agg(leaving.message_id), '{}') into leaving_ids
        from unnest(gone) as leaving (message_id)
        join notify.message as known on known.message_id = leaving.message_id
        where (known.of_message_id is null or known.of_message_id = any (gone))
          and not exists (select from notify.message as other where other.of_message_id = leaving.message_id and other.message_id <> all (gone))
          and not exists (
            select from notify.delivery_message as mine
            join notify.delivery_message as others on others.delivery_id = mine.delivery_id
            where mine.message_id = leaving.message_id
              and others.message_id <> all (gone)
        );
        exit when cardinality(leaving_ids) = cardinality(gone);
        gone := leaving_ids;
    end loop;
    if cardinality(gone) = 0 then
        return 0;
    end if;
    select coalesce(array_agg(distinct known.delivery_id), '{}') into call_ids
    from (
        select carried.delivery_id from notify.delivery_message as carried where carried.message_id = any (gone)
        union
        select delivery.delivery_id from notify.delivery where delivery.message_id = any (gone)
    ) as known;

    insert into notify.message_month as known (tenant_id, month, platform, kind, action, state, messages, recipients, attempts, calls)
    select
        message.tenant_id,
        date_trunc('month', message.created_at at time zone 'UTC')::date,
        coalesce(channel.platform, ''),
        message.kind,
        message.action,
        message.state,
        count(*),
        sum((select count(*) from notify.recipient where recipient.message_id = message.message_id)),
        sum(spent.attempts),
        sum(spent.calls)
    from notify.message
    left join notify.channel on channel.tenant_id = message.tenant_id
    cross join lateral (
        -- A call that several share counts with the message whose content it carries.
        select count(*) as attempts, coalesce(sum(attempt.calls), 0) as calls
        from notify.delivery
        join notify.attempt on attempt.delivery_id = delivery.delivery_id
        where delivery.message_id = message.message_id
    ) as spent
    where message.message_id = any (gone)
    group by 1, 2, 3, 4, 5, 6
    on conflict (tenant_id, month, platform, kind, action, state) do update
    set messages = known.messages + excluded.messages,
        recipients = known.recipients + excluded.recipients,
        attempts = known.attempts + excluded.attempts,
        calls = known.calls + excluded.calls;

    delete from notify.recipient where recipient.message_id = any (gone);
    delete from notify.delivery_message where delivery_message.message_id = any (gone);
    delete from notify.attempt where attempt.delivery_id = any (call_ids);
    delete from notify.delivery where delivery.delivery_id = any (call_ids);
    delete from notify.message where message.message_id = any (gone);
    return cardinality(gone);
end
$$;

-- Asks for the erasure of a person, for a user of the pages who has shown there that they may; that they did is written down, without saying whom.
-- Salt and hash are made by whoever carries it out: the pages may not read those of others.
create function ops.ask_erasure(tenant text, person text, actor text, is_present_welcome boolean) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    made bigint;
begin
    select known.erasure_id into made
    from ops.erasure as known
    join ops.erasure_value as kept on kept.erasure_id = known.erasure_id and kept.kind = 'key'
    where known.tenant_id = ask_erasure.tenant
      and known.state in ('wanted', 'under_way')
      and kept.value = ask_erasure.person
    limit 1;
    if made is not null then
        update ops.erasure as known
        set is_present_welcome = known.is_present_welcome or ask_erasure.is_present_welcome
        where known.erasure_id = made;
        return made;
    end if;
    insert into ops.erasure (tenant_id, subject, asked_by, is_present_welcome, salt, subject_hash)
    values (ask_erasure.tenant, 'person', ask_erasure.actor, ask_erasure.is_present_welcome, '', 'asked ' || gen_random_uuid())
    returning erasure.erasure_id into made;
    insert into ops.erasure_value (erasure_id, kind, value) values (made, 'key', ask_erasure.person);
    insert into ops.audit (actor, action, tenant_id, subject)
    values (ask_erasure.actor, 'erasure.asked', ask_erasure.tenant, made::text);
    return made;
end
$$;

comment on function ops.erase_person is 'Takes a person out of every table, as the values kept for an erasure say; returns how many rows were touched, by place.';
comment on function ops.erase_tenant is 'Takes a tenant out of every table; returns how many rows were removed, by place.';
comment on function ops.ask_erasure is 'Asks for the erasure of a person, which the next housekeeping carries out; returns its number.';
comment on function notify.forget_messages is 'Turns messages that are long done into numbers of notify.message_month; returns how many.';
