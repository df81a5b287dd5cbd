-- What each role may with what is orgsync's: all of it stands here. Each `orgsync migrate` runs this after the migrations, so that it holds
-- too where a dump was restored into a server that lacked the roles. A second run changes nothing. Rights of any other role are left alone.

-- Two functions run with the rights of a role. Who gives a function to a role has to be a member of it, and the role needs, for this moment,
-- the right to create in the schema.
do $$
declare
    role_name text;
begin
    foreach role_name in array array['orgsync_audience', 'orgsync_query'] loop
        if not pg_has_role(current_user, role_name, 'set') then
            execute format('grant %I to %I', role_name, current_user);
        end if;
    end loop;
exception
    when insufficient_privilege then
        raise exception using errcode = 'NT001', message = format(
            'the server has roles of another warehouse, and %1$I may not use them: let a superuser `grant %2$I to %1$I`, then migrate again',
            current_user, role_name);
end
$$;
grant create on schema notify to orgsync_audience;
alter function notify.ask_audience(text, text, integer) owner to orgsync_audience;
grant create on schema ops to orgsync_query;
alter function ops.answer(text) owner to orgsync_query;

-- Functions are everybody's until someone says otherwise.
revoke all on schema org, ops, stage, notify, orgsync from
    public, orgsync_reader, orgsync_pii, orgsync_loader, orgsync_pages, orgsync_receiver, orgsync_sender, orgsync_dispatcher, orgsync_audience,
    orgsync_query;
revoke all on all tables in schema org, ops, stage, notify, orgsync from
    public, orgsync_reader, orgsync_pii, orgsync_loader, orgsync_pages, orgsync_receiver, orgsync_sender, orgsync_dispatcher, orgsync_audience,
    orgsync_query;
revoke all on all sequences in schema org, ops, stage, notify, orgsync from
    public, orgsync_reader, orgsync_pii, orgsync_loader, orgsync_pages, orgsync_receiver, orgsync_sender, orgsync_dispatcher, orgsync_audience,
    orgsync_query;
revoke all on all functions in schema org, ops, stage, notify, orgsync from
    public, orgsync_reader, orgsync_pii, orgsync_loader, orgsync_pages, orgsync_receiver, orgsync_sender, orgsync_dispatcher, orgsync_audience,
    orgsync_query;

grant usage on schema org to orgsync_reader, orgsync_loader, orgsync_audience;
grant usage on schema ops to orgsync_reader, orgsync_loader, orgsync_receiver;
grant usage on schema stage to orgsync_loader, orgsync_query;
grant usage on schema notify to orgsync_reader, orgsync_loader, orgsync_sender;
grant usage on schema orgsync to orgsync_loader, orgsync_query, orgsync_pages, orgsync_receiver;

grant select on orgsync.migration to orgsync_loader, orgsync_query, orgsync_pages, orgsync_receiver;

-- The organizations. The tables of history hold personal columns in clear: readers have the views, where these are masked. Versions are
-- ended and written; only a load before the newest snapshot removes some, to write them anew.
grant select on
    org.departments,
    org.users,
    org.memberships,
    org.department_tree,
    org.department_history,
    org.user_history,
    org.membership_history,
    org.change,
    org.people,
    org.reporting_line
to orgsync_reader, orgsync_audience;
grant execute on function
    org.departments_at(timestamptz),
    org.users_at(timestamptz),
    org.memberships_at(timestamptz)
to orgsync_reader, orgsync_audience;
grant select on
    org.headcount_change,
    org.search_key,
    org.monthly_summary
to orgsync_reader;
grant execute on function
    org.headcounts_at(timestamptz),
    org.monthly_summary_in(text)
to orgsync_reader;
grant select, insert, delete, update (valid_to) on
    org.department_version,
    org.user_version,
    org.membership_version
to orgsync_loader;
grant select on
    org.department_version,
    org.user_version,
    org.membership_version
to orgsync_query;
grant select, insert, delete on
    org.headcount_change,
    org.search_key
to orgsync_loader;

-- What the syncs did. It is written and carried on, not removed. A plan's digest is one hash over what it changes: where that is a single
-- number, trying all of them finds it.
grant select on
    ops.snapshot,
    ops.snapshot_key,
    ops.claim,
    ops.sync_run,
    ops.plan_line,
    ops.quarantine,
    ops.expectation_result,
    ops.doctor_check,
    ops.tenant,
    ops.problem,
    ops.heartbeat,
    ops.slow_run
to orgsync_reader;
-- Whom an erasure was about is hashed slowly, and yet: whoever has the hash can try everybody.
grant select (
    erasure_id, tenant_id, subject, asked_by, asked_at, is_present_welcome, state, reason, finished_at, counts
) on ops.erasure to orgsync_reader;
grant select (
    plan_id, tenant_id, snapshot_id, taken_at, state, staged_counts, withheld_fields, department_unobserved, user_unobserved,
    membership_unobserved, next_at, based_on_plan_id, timeline_rows, summary, created_at, planned_at, applied_at, over_budget,
    unseen_counts, decided_at, decided_by, is_approved, is_retraction
) on ops.plan to orgsync_reader;
grant select on
    ops.plan,
    ops.plan_change,
    ops.audit,
    ops.erasure,
    ops.erasure_value,
    ops.alert
to orgsync_pii;
grant select, insert, update on
    ops.snapshot,
    ops.snapshot_key,
    ops.claim,
    ops.sync_run,
    ops.plan
to orgsync_loader;
grant select, insert on
    ops.quarantine,
    ops.expectation_result,
    ops.audit
to orgsync_loader;
grant select, insert, delete on ops.plan_change to orgsync_loader;
grant select, insert, update on
    ops.tenant,
    ops.erasure
to orgsync_loader;
grant select, insert, delete on ops.erasure_value to orgsync_loader;
grant execute on function
    ops.erase_person(bigint, text[], text, text, text),
    ops.erase_tenant(bigint),
    ops.erase_hints(bigint, text),
    ops.ask_erasure(text, text, text, boolean),
    notify.forget_messages(text, timestamptz, integer)
to orgsync_loader;
grant execute on function ops.ask_erasure(text, text, text, boolean) to orgsync_pages;
grant select, insert, update, delete on
    ops.doctor_check,
    ops.problem,
    ops.alert,
    ops.heartbeat,
    ops.slow_run
to orgsync_loader;
grant execute on function ops.answer(text) to orgsync_loader;
grant execute on function
    ops.show_person(text, text, text),
    ops.show_message(bigint, text, text),
    ops.recall_message(bigint, text, text),
    ops.retry_message(bigint, text, text),
    ops.note_access(text, text, text, text)
to orgsync_pages;

-- What platforms pushed. What receives it is open to the internet: it adds events, counts what it refused, and sees nothing.
grant select on
    ops.event,
    ops.event_due,
    ops.event_audit,
    ops.event_refusal
to orgsync_reader;
grant select on ops.event_due to orgsync_loader;
grant select, insert, delete on ops.event_audit to orgsync_loader;
grant select, insert, update, delete on ops.event to orgsync_loader;
grant select, delete on ops.event_refusal to orgsync_loader;
grant insert (
    tenant_id, platform, event_key, type, kind, user_ids, open_ids, department_ids, happened_at, via
) on ops.event to orgsync_receiver;
grant execute on function ops.count_refusals(text, text, bigint) to orgsync_receiver, orgsync_loader;

-- Rows of loads under way. What is asked by hand reads what the loader reads.
grant select, insert, update, delete on
    stage.department,
    stage.user,
    stage.membership,
    stage.affected,
    stage.observation
to orgsync_loader;
grant select, insert, delete on
    stage.timeline,
    stage.unseen
to orgsync_loader;
grant select on
    stage.version,
    stage.quarantined,
    stage.unread,
    stage.asked,
    stage.asked_later,
    stage.loaded,
    stage.reading
to orgsync_loader;
grant select on all tables in schema stage to orgsync_query;
grant execute on all functions in schema stage to orgsync_loader;

-- The outbox. What a message says, and to whom, is for those who may read personal columns; who sends sees where its messages stand.
grant select on
    notify.channel,
    notify.delivery,
    notify.delivery_message,
    notify.recipient,
    notify.attempt,
    notify.announced_plan,
    notify.message_month
to orgsync_reader;
grant select (
    message_id, tenant_id, kind, action, of_message_id, due_at, priority, not_before, expires_at, dedupe_key, source, enqueued_by,
    state, reason, next_attempt_at, recall_wanted_at, is_settled, created_at, claimed_at, settled_at
) on notify.message to orgsync_reader, orgsync_sender;
grant select on
    notify.message,
    notify.audience_query
to orgsync_pii;
grant select, insert, update on
    notify.channel,
    notify.delivery,
    notify.recipient,
    notify.attempt
to orgsync_loader;
grant select, update on notify.message to orgsync_loader;
grant select, insert, update, delete on notify.audience_query to orgsync_loader;
grant select, insert, delete on notify.delivery_message to orgsync_loader;
grant select, insert on notify.announced_plan to orgsync_loader;
grant usage on sequence
    notify.delivery_delivery_id_seq,
    notify.attempt_attempt_id_seq
to orgsync_loader;
grant execute on function
    notify.enqueue(text, text, text, text, text, jsonb, integer, timestamptz, timestamptz, text, text, timestamptz),
    notify.change_todo(bigint, text, text, text, timestamptz, text),
    notify.recall(bigint),
    notify.retry(bigint)
to orgsync_sender, orgsync_loader;
grant execute on function
    notify.ask_audience(text, text, integer),
    notify.cover(text, bigint[], integer),
    notify.find_audience_problem(text, jsonb),
    notify.explain_wait(text, timestamptz)
to orgsync_loader
