-- The calls of a message (message_id) by state, and how many people they are to; so many (most) are looked at.
select
    looked.state,
    count(*) as calls,
    sum(looked.people) as people
from (
    select carried.delivery_id
    from notify.delivery_message as carried
    where carried.message_id = %(message_id)s
    limit %(most)s
) as carried
-- Call by call: the planner would rather read all there ever were. That is what offset 0 keeps it from.
cross join lateral (
    select
        delivery.state,
        delivery.people
    from notify.delivery
    where delivery.delivery_id = carried.delivery_id
    offset 0
) as looked
group by looked.state
order by
    calls desc,
    looked.state
