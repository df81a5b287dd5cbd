-- Records a snapshot whose manifest is in the landing zone. Harmless when run again: what is known stays.
insert into ops.snapshot (
    snapshot_id,
    tenant_id,
    platform,
    mode,
    taken_at,
    uri,
    state,
    visible_range,
    is_complete,
    problems,
    sees_whole,
    company
)
values (
    %(snapshot_id)s,
    %(tenant_id)s,
    %(platform)s,
    %(mode)s,
    %(taken_at)s,
    %(uri)s,
    'landed',
    %(visible_range)s,
    %(is_complete)s,
    %(problems)s,
    %(sees_whole)s,
    %(company)s
)
on conflict (snapshot_id) do nothing
