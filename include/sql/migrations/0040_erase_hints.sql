-- What platforms pushed, what was asked of them for single people, and what was found wrong is forgotten with a person, or a tenant.

create function ops.erase_hints(erasure bigint, problem_pattern text) returns jsonb
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    wanted ops.erasure;
    ids text[];
    found jsonb := '{}';
    number bigint;
begin
    select * into strict wanted from ops.erasure where erasure.erasure_id = erase_hints.erasure for update;
    if wanted.subject = 'tenant' then
        delete from ops.event where event.tenant_id = wanted.tenant_id;
        get diagnostics number = row_count;
        delete from ops.event_refusal where event_refusal.tenant_id = wanted.tenant_id;
        delete from ops.problem where problem.tenant_id = wanted.tenant_id;
        delete from ops.heartbeat where heartbeat.tenant_id = wanted.tenant_id;
        delete from ops.slow_run where slow_run.tenant_id = wanted.tenant_id;
        found := found || jsonb_build_object('ops.event', number);
    else
        select coalesce(array_agg(known.value), '{}') into ids
        from ops.erasure_value as known
        where known.erasure_id = wanted.erasure_id and known.kind in ('key', 'id');
        -- An event is a hint: without whom it was about it is none, and its key may be made of them.
        delete from ops.event
        where event.tenant_id = wanted.tenant_id
          and (event.user_ids && ids or event.open_ids && ids or event.handled_by = any (ids));
        get diagnostics number = row_count;
        found := found || jsonb_build_object('ops.event', number);
        delete from ops.snapshot_key as asked
        where asked.tenant_id = wanted.tenant_id and asked.entity = 'user' and asked.key_1 = any (ids);
        get diagnostics number = row_count;
        found := found || jsonb_build_object('ops.snapshot_key', number);
        update ops.problem
        set reason = ops.clean_text(problem.reason, problem_pattern),
            reason_zh = ops.clean_text(problem.reason_zh, problem_pattern),
            fix = ops.clean_text(problem.fix, problem_pattern),
            fix_zh = ops.clean_text(problem.fix_zh, problem_pattern)
        where problem.tenant_id in (wanted.tenant_id, '')
          and ops.clean_text(concat_ws(E'\n', problem.reason, problem.reason_zh, problem.fix, problem.fix_zh), problem_pattern)
            <> concat_ws(E'\n', problem.reason, problem.reason_zh, problem.fix, problem.fix_zh);
    end if;
    update ops.erasure
    set counts = (
        select coalesce(jsonb_object_agg(place.name, coalesce((wanted.counts ->> place.name)::bigint, 0) + coalesce((found ->> place.name)::bigint, 0)), '{}')
        from (select jsonb_object_keys(wanted.counts) union select jsonb_object_keys(found)) as place (name)
    )
    where erasure.erasure_id = wanted.erasure_id;
    return found;
end
$$;

comment on function ops.erase_hints is 'Takes a person, or a tenant, out of events, targeted reads and problems; returns how many rows were removed, by place.';
