-- Writes down that a part of orgsync (part) is at work, for a tenant or for all (tenant_id empty). A second run moves the time on.
insert into ops.heartbeat as known (tenant_id, part, first_at, last_at)
values (%(tenant_id)s, %(part)s, now(), now())
on conflict (tenant_id, part) do update
set last_at = greatest(known.last_at, excluded.last_at)
