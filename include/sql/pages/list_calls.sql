-- Calls of a message (message_id): what went wrong first, then what waits, then the latest; so many (most), of so many that are looked at
-- (most_looked_at).
select
    looked.delivery_id,
    looked.action,
    looked.to_all,
    cardinality(looked.department_ids) as departments,
    looked.people,
    looked.state,
    looked.reason,
    looked.attempts,
    looked.first_called_at,
    looked.sent_at,
    case when looked.state in ('waiting', 'unknown') then looked.next_attempt_at end as next_attempt_at,
    looked.recall_after
from (
    select carried.delivery_id
    from notify.delivery_message as carried
    where carried.message_id = %(message_id)s
    limit %(most_looked_at)s
) as carried
-- Call by call, as in sum_calls.
cross join lateral (
    select delivery.*
    from notify.delivery
    where delivery.delivery_id = carried.delivery_id
    offset 0
) as looked
order by
    case
        when looked.state in ('dead', 'refused', 'recall_failed', 'too_late', 'expired') then 0
        when looked.state in ('unknown', 'waiting', 'calling') then 1
        else 2
    end,
    looked.delivery_id desc
limit %(most)s
