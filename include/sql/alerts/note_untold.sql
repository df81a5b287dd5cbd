-- Keeps that a channel (channel) could not tell these (notices: problem and event) at an instant (at), and why (error). What was told before stays.
insert into ops.alert as known (tenant_id, kind, subject, channel, tries, tried_at, error)
select
    tenant_id,
    kind,
    subject,
    %(channel)s,
    1,
    %(at)s,
    %(error)s
from jsonb_to_recordset(%(notices)s) as told (tenant_id text, kind text, subject text, event text)
order by
    tenant_id,
    kind,
    subject
on conflict (tenant_id, kind, subject, channel) do update
set tries = known.tries + 1,
    tried_at = excluded.tried_at,
    error = excluded.error
