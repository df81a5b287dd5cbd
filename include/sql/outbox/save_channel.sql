-- Keeps what is known of a tenant that messages can be sent to. A second run with the same values touches nothing.
insert into notify.channel as known (
    tenant_id,
    platform,
    is_whole,
    limits
)
values (
    %(tenant_id)s,
    %(platform)s,
    %(is_whole)s,
    %(limits)s
)
on conflict (tenant_id) do update
set platform = excluded.platform,
    is_whole = excluded.is_whole,
    limits = excluded.limits,
    updated_at = now()
where (known.platform, known.is_whole, known.limits) is distinct from (excluded.platform, excluded.is_whole, excluded.limits)
