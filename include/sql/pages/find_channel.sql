-- Whether messages can be sent to a tenant (tenant_id), and by what limits; no row where the outbox does not know it.
select
    channel.tenant_id,
    channel.platform,
    channel.limits,
    channel.problem,
    channel.retired_at
from notify.channel
where channel.tenant_id = %(tenant_id)s
