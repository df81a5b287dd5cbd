-- The channels (of channels) that failed when they were last tried: how often, since when, and why.
select
    alert.channel,
    max(alert.tries) as tries,
    min(alert.tried_at) as tried_at,
    max(alert.error) as error
from ops.alert
where alert.error is not null
  and alert.channel = any (%(channels)s::text[])
group by alert.channel
order by alert.channel
