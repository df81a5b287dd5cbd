-- What somebody does with a message on the pages: see what it says, take it back, have it tried again. The last one for everybody who may take
-- it back, too: in SQL and by the command.

-- The newest messages of a tenant, all or those of a state.
create index message_by_tenant on notify.message (tenant_id, message_id);
create index message_by_state on notify.message (tenant_id, state, message_id);

comment on column notify.delivery.attempts is 'How often it was tried; counted anew since somebody asked for another round.';

-- Keeps the calls of a message as they are to the end of the transaction. Before its own row: whoever delivers holds a call when it changes the
-- message, and would wait for us while we wait for it.
create function notify.lock_calls(message bigint) returns void
language sql
set search_path = pg_catalog, pg_temp
as $$
    select
    from notify.delivery
    where delivery.delivery_id in (
        select carried.delivery_id
        from notify.delivery_message as carried
        where carried.message_id = lock_calls.message
    )
    order by delivery.delivery_id
    for update
$$;

-- Takes a message back; whoever calls this has locked it, and knows that somebody may.
create function notify.take_back(target notify.message) returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if target.action <> 'send' then
        raise exception using errcode = 'NT001',
            message = format('message %s changes todo %s; take that one back', target.message_id, target.of_message_id);
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

create or replace function notify.recall(message bigint) returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    target notify.message;
begin
    perform notify.lock_calls(recall.message);
    select * into target from notify.message where message.message_id = recall.message for update;
    if target.message_id is null then
        raise exception using errcode = 'NT001', message = format('there is no message %s to take back', recall.message);
    end if;
    if notify.find_objection(target) is not null then
        raise exception using errcode = 'NT001', message = format('this message cannot be taken back: %s', notify.find_objection(target));
    end if;
    return notify.take_back(target);
end
$$;

-- Lets what waits of a message because something failed go now, and gives what was given up another round; whoever calls this has locked it, and
-- knows that somebody may. A call that may have gone out gets none: nobody could say afterwards who has it twice. What a platform refused stays
-- refused, and what has to wait for a quota is held again when it is its turn. message_ids are those whose calls go, for equal ones share them.
create function notify.try_again(target notify.message, out answer text, out message_ids bigint[])
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    at constant timestamptz := clock_timestamp();
    asked constant text :=
        'somebody asked for another try: it goes with the next run of the DAG org_notify, unless that is paused, or with `orgsync push`';
    woken bigint[];
    revived bigint[];
    doubted bigint;
    withdrawn bigint;
    overtaken bigint;
begin
    message_ids := '{}';
    if target.recall_wanted_at is not null or target.state in ('recalled', 'recall_failed') then
        answer := 'taken back';
        return;
    end if;
    if target.state = 'expired' or target.expires_at <= at then
        answer := 'expired';
        return;
    end if;
    if target.state = 'pending' then
        answer := case
            when target.not_before > at then 'not yet'
            when target.next_attempt_at > at then 'again'
            else 'under way'
        end;
        if answer = 'again' then
            update notify.message
            set next_attempt_at = at, reason = notify.explain_wait(message.tenant_id, message.not_before)
            where message.message_id = target.message_id;
            message_ids := array[target.message_id];
        end if;
        return;
    end if;

    with gone as (
        update notify.delivery
        set next_attempt_at = at, reason = asked
        where delivery.delivery_id in (
            select carried.delivery_id from notify.delivery_message as carried where carried.message_id = target.message_id
        )
          and delivery.state in ('waiting', 'unknown')
          and delivery.next_attempt_at > at
        returning delivery.delivery_id
    )
    select coalesce(array_agg(gone.delivery_id), '{}') into woken from gone;

    select
        coalesce(array_agg(call.delivery_id) filter (where not (call.is_doubted or call.is_withdrawn or call.is_overtaken)), '{}'),
        count(*) filter (where call.is_doubted),
        count(*) filter (where call.is_withdrawn),
        count(*) filter (where call.is_overtaken)
    into revived, doubted, withdrawn, overtaken
    from (
        select
            delivery.delivery_id,
            delivery.action = 'send' and exists (
                select
                from notify.attempt
                where attempt.delivery_id = delivery.delivery_id
                  and attempt.action = 'send'
                  and attempt.outcome in ('calling', 'unknown')
            ) as is_doubted,
            -- Whom another message was for that is not to be sent any more would get it too.
            exists (
                select
                from notify.delivery_message as shared
                join notify.message as other on other.message_id = shared.message_id
                where shared.delivery_id = delivery.delivery_id
                  and (other.recall_wanted_at is not null or other.state = 'recalled' or other.expires_at <= at)
            ) as is_withdrawn,
            -- A later change of the same todo would be undone.
            exists (
                select
                from notify.delivery as later
                where later.of_delivery_id = delivery.of_delivery_id
                  and later.delivery_id > delivery.delivery_id
                  and later.state in ('calling', 'unknown', 'done')
            ) as is_overtaken
        from notify.delivery_message as carried
        join notify.delivery on delivery.delivery_id = carried.delivery_id
        where carried.message_id = target.message_id
          and delivery.state = 'dead'
    ) as call;

    -- Nothing of the round before went out, so its key keeps for as long as that of a new call.
    update notify.delivery
    set state = 'waiting', reason = asked, attempts = 0, first_called_at = null, next_attempt_at = at
    where delivery.delivery_id = any (revived);
    update notify.recipient
    set state = 'pending', reason = null, updated_at = at
    where recipient.delivery_id = any (revived)
      and recipient.state in ('failed', 'unknown');

    if cardinality(woken || revived) > 0 then
        with affected as materialized (
            select message.message_id
            from notify.message
            where message.message_id in (
                select carried.message_id from notify.delivery_message as carried where carried.delivery_id = any (woken || revived)
            )
            order by message.message_id
            for update
        ), told as (
            update notify.message
            set state = 'claimed', reason = asked, is_settled = false
            from affected
            where message.message_id = affected.message_id
            returning message.message_id
        )
        select array_agg(told.message_id order by told.message_id) into message_ids from told;
        answer := case when doubted + withdrawn + overtaken = 0 then 'again' else 'partly' end;
    elsif exists (
        select
        from notify.delivery_message as carried
        join notify.delivery on delivery.delivery_id = carried.delivery_id
        where carried.message_id = target.message_id
          and delivery.state in ('waiting', 'calling', 'unknown')
    ) then
        answer := 'under way';
    elsif doubted > 0 then
        answer := 'in doubt';
    elsif withdrawn > 0 then
        answer := 'taken back';
    elsif overtaken > 0 then
        answer := 'overtaken';
    elsif target.state = 'failed' or exists (
        select from notify.recipient where recipient.message_id = target.message_id and recipient.state = 'failed'
    ) then
        answer := 'refused';
    elsif exists (
        select from notify.recipient where recipient.message_id = target.message_id and recipient.state = 'unknown'
    ) then
        answer := 'in doubt';
    else
        answer := 'nothing failed';
    end if;
end
$$;

create function notify.retry(message bigint) returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    target notify.message;
begin
    perform notify.lock_calls(retry.message);
    select * into target from notify.message where message.message_id = retry.message for update;
    if target.message_id is null then
        raise exception using errcode = 'NT001', message = format('there is no message %s to try again', retry.message);
    end if;
    if notify.find_objection(target) is not null then
        raise exception using errcode = 'NT001', message = format('this message cannot be tried again: %s', notify.find_objection(target));
    end if;
    return (select tried.answer from notify.try_again(target) as tried);
end
$$;

comment on function notify.retry is 'Lets a message that waits because something failed go now, and gives what was given up another round. Answers again, partly, under way, not yet, in doubt, refused, expired, overtaken, taken back, or nothing failed.';

-- The same three for a user of the pages, who has shown there that they may; what they did is written down in the same transaction.
create function ops.show_message(message bigint, tenant text, actor text)
returns table (title text, body text, url text, audience jsonb)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select known.title, known.body, known.url, known.audience
    from notify.message as known
    where known.message_id = show_message.message
      and known.tenant_id = show_message.tenant;
    if found then
        insert into ops.audit (actor, action, tenant_id, subject)
        values (show_message.actor, 'message.shown', show_message.tenant, show_message.message::text);
    end if;
end
$$;
comment on function ops.show_message is 'What a message says and whom it is for, for whoever may see personal values; writes down who looked.';

create function ops.recall_message(message bigint, tenant text, actor text) returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    target notify.message;
    answer text;
begin
    perform notify.lock_calls(recall_message.message);
    select * into target
    from notify.message as known
    where known.message_id = recall_message.message
      and known.tenant_id = recall_message.tenant
    for update;
    if target.message_id is null then
        raise exception using errcode = 'NT001', message = format('there is no message %s to take back', recall_message.message);
    end if;
    answer := notify.take_back(target);
    insert into ops.audit (actor, action, tenant_id, subject, detail)
    values (recall_message.actor, 'message.recalled', target.tenant_id, target.message_id::text, answer);
    return answer;
end
$$;
comment on function ops.recall_message is 'As notify.recall, for a user of the pages; writes down who asked, and the answer.';

create function ops.retry_message(message bigint, tenant text, actor text) returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    target notify.message;
    tried record;
begin
    perform notify.lock_calls(retry_message.message);
    select * into target
    from notify.message as known
    where known.message_id = retry_message.message
      and known.tenant_id = retry_message.tenant
    for update;
    if target.message_id is null then
        raise exception using errcode = 'NT001', message = format('there is no message %s to try again', retry_message.message);
    end if;
    select * into tried from notify.try_again(target);
    insert into ops.audit (actor, action, tenant_id, subject, detail)
    values (retry_message.actor, 'message.retried', target.tenant_id, target.message_id::text, tried.answer);
    insert into ops.audit (actor, action, tenant_id, subject, detail)
    select retry_message.actor, 'message.retried', target.tenant_id, other.message_id::text, format('with message %s, which shares its calls', target.message_id)
    from unnest(tried.message_ids) as other (message_id)
    where other.message_id <> target.message_id;
    return tried.answer;
end
$$;
comment on function ops.retry_message is 'As notify.retry, for a user of the pages; writes down who asked, the answer, and which messages went with it.';

-- Functions are everybody's until someone says otherwise.
revoke execute on function
    notify.lock_calls(bigint),
    notify.take_back(notify.message),
    notify.try_again(notify.message),
    notify.retry(bigint),
    ops.show_message(bigint, text, text),
    ops.recall_message(bigint, text, text),
    ops.retry_message(bigint, text, text)
from public;
grant execute on function notify.retry(bigint) to orgsync_sender, orgsync_loader;
grant execute on function
    ops.show_message(bigint, text, text),
    ops.recall_message(bigint, text, text),
    ops.retry_message(bigint, text, text)
to orgsync_pages;
