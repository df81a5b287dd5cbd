-- Who did not get a message (message_id), or nobody knows: so many (most) of the recipients after one (after, a user's id), of whom so many
-- (most_looked_at) are looked at. A row without a person says how far that was: looked_at, last_id.
with looked as materialized (
    select
        recipient.user_id,
        recipient.state,
        recipient.reason,
        recipient.delivery_id,
        recipient.updated_at
    from notify.recipient
    where recipient.message_id = %(message_id)s
      and recipient.user_id > %(after)s
    order by recipient.user_id
    limit %(most_looked_at)s
),
missed as (
    select looked.*
    from looked
    where looked.state in ('failed', 'unknown', 'recall_failed')
    order by looked.user_id
    limit %(most)s
)
select
    missed.user_id,
    missed.state,
    missed.reason,
    missed.delivery_id,
    missed.updated_at,
    reached.looked_at,
    reached.last_id
from (
    select
        count(*) as looked_at,
        max(looked.user_id) as last_id
    from looked
) as reached
left join missed on true
order by missed.user_id
