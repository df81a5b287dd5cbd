-- Why messages of a tenant (tenant_id) wait: the commonest reasons (so many: most_reasons) among those queued last (so many: most_counted) of
-- each state in which one waits.
select
    left(waiting.reason, 300) as reason,
    count(*) as messages
from (
    (
        select message.reason
        from notify.message
        where message.tenant_id = %(tenant_id)s
          and message.state = 'pending'
        order by message.message_id desc
        limit %(most_counted)s
    )
    union all
    (
        select message.reason
        from notify.message
        where message.tenant_id = %(tenant_id)s
          and message.state = 'claimed'
        order by message.message_id desc
        limit %(most_counted)s
    )
) as waiting
group by left(waiting.reason, 300)
order by
    messages desc,
    reason
limit %(most_reasons)s
