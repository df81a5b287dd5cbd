-- The tenants to which messages can be sent, or one (tenant_id), with what waits there: how many, and the commonest reason.
select
    channel.tenant_id,
    channel.platform,
    channel.limits,
    (
        select count(*)
        from notify.message as message
        where message.tenant_id = channel.tenant_id
          and message.state in ('pending', 'claimed')
    ) as waiting,
    (
        select message.reason
        from notify.message as message
        where message.tenant_id = channel.tenant_id
          and message.state in ('pending', 'claimed')
          and message.reason is not null
        group by message.reason
        order by count(*) desc
        limit 1
    ) as reason
from notify.channel as channel
where %(tenant_id)s::text is null
   or channel.tenant_id = %(tenant_id)s
order by channel.tenant_id
