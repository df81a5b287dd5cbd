-- What was told last of each problem, channel by channel.
select
    tenant_id,
    kind,
    subject,
    channel,
    event,
    told_at
from ops.alert
