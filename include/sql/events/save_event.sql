-- Writes down an event, once for each tenant that it concerns: a row for each one of `rows`. What is there stays as it is, so a second run
-- is harmless. Whoever may only insert may not name what conflicts.
insert into ops.event (
    tenant_id, event_key, platform, type, kind, user_ids, open_ids, department_ids, happened_at, via
)
select
    tenant_id,
    event_key,
    platform,
    type,
    kind,
    user_ids,
    open_ids,
    department_ids,
    happened_at,
    via
from jsonb_to_recordset(%(rows)s) as given (
    tenant_id text,
    event_key text,
    platform text,
    type text,
    kind text,
    user_ids text[],
    open_ids text[],
    department_ids text[],
    happened_at timestamptz,
    via text
)
on conflict do nothing
