-- The events of a tenant (%(tenant_id)s) for which a read may be made now, oldest first. People of whom only the other id was told are those
-- that history knows by it. Nothing is written.
select
    event.event_key,
    event.kind,
    event.department_ids,
    case
        when event.user_ids <> '{}' or event.open_ids = '{}' then event.user_ids
        else array(
            select distinct version.user_id
            from org.user_version as version
            where version.tenant_id = event.tenant_id
              and version.open_id = any (event.open_ids)
        )
    end as user_ids
from ops.event_due as event
where event.tenant_id = %(tenant_id)s
order by event.received_at
limit %(most)s
