-- Keeps what is known of a tenant of the tenants file: that messages can be sent to it, or what keeps them from that (problem). What was
-- known of its limits before a problem stays. A second run with the same values touches nothing.
insert into notify.channel as known (
    tenant_id,
    platform,
    conn_id,
    is_whole,
    limits,
    problem
)
values (
    %(tenant_id)s,
    %(platform)s,
    %(conn_id)s,
    %(is_whole)s,
    coalesce(%(limits)s::jsonb, '{}'),
    %(problem)s
)
on conflict (tenant_id) do update
set platform = excluded.platform,
    conn_id = excluded.conn_id,
    is_whole = excluded.is_whole,
    limits = coalesce(%(limits)s::jsonb, known.limits),
    problem = excluded.problem,
    retired_at = null,
    updated_at = now()
where (known.platform, known.conn_id, known.is_whole, known.problem)
    is distinct from (excluded.platform, excluded.conn_id, excluded.is_whole, excluded.problem)
   or known.limits is distinct from coalesce(%(limits)s::jsonb, known.limits)
   or known.retired_at is not null
