-- Notes which tenants the tenants file holds (tenants: id and platform). Run again it notes the later time.
insert into ops.tenant as known (
    tenant_id,
    platform
)
select
    seen.tenant_id,
    seen.platform
from jsonb_to_recordset(%(tenants)s) as seen (tenant_id text, platform text)
on conflict (tenant_id) do update
set platform = coalesce(nullif(excluded.platform, ''), known.platform),
    seen_at = now(),
    retired_at = null
