-- Keeps that a channel (channel) has told these (notices: problem and event) at an instant (at). A second run changes nothing.
insert into ops.alert as known (tenant_id, kind, subject, channel, event, told_at, tries, tried_at, error)
select
    tenant_id,
    kind,
    subject,
    %(channel)s,
    event,
    %(at)s,
    0,
    %(at)s,
    null
from jsonb_to_recordset(%(notices)s) as told (tenant_id text, kind text, subject text, event text)
order by
    tenant_id,
    kind,
    subject
on conflict (tenant_id, kind, subject, channel) do update
set event = excluded.event,
    told_at = excluded.told_at,
    tries = 0,
    tried_at = excluded.tried_at,
    error = null
