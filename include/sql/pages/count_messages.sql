-- How many messages of a tenant (tenant_id) are in a state (state), none counted beyond a number (most). One state at a time: of each the planner
-- knows how rare it is.
select count(*) as messages
from (
    select message.message_id
    from notify.message
    where message.tenant_id = %(tenant_id)s
      and message.state = %(state)s
    limit %(most)s
) as looked
