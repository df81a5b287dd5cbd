-- The attempts at some calls (delivery_ids), the latest first; so many (most).
select
    attempt.attempt_id,
    attempt.delivery_id,
    attempt.action,
    attempt.outcome,
    attempt.people,
    attempt.code,
    attempt.reason,
    attempt.could_repeat,
    attempt.started_at,
    attempt.finished_at
from notify.attempt
where attempt.delivery_id = any (%(delivery_ids)s::bigint[])
order by attempt.attempt_id desc
limit %(most)s
