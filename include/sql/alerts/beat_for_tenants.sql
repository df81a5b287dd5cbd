-- Writes down since when each of these tenants (tenants) is in the tenants file. A second run moves the time on.
insert into ops.heartbeat as known (tenant_id, part, first_at, last_at)
select
    wanted.tenant_id,
    'watch',
    now(),
    now()
from unnest(%(tenants)s::text[]) as wanted (tenant_id)
order by wanted.tenant_id
on conflict (tenant_id, part) do update
set last_at = greatest(known.last_at, excluded.last_at)
