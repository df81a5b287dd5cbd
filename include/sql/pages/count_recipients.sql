-- The recipients of a message (message_id) by state; so many (most) are looked at.
select
    looked.state,
    count(*) as people
from (
    select recipient.state
    from notify.recipient
    where recipient.message_id = %(message_id)s
    order by recipient.user_id
    limit %(most)s
) as looked
group by looked.state
