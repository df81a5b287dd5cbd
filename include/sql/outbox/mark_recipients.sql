-- Gives the recipients of a call (delivery_id) that are in one of from_states a state and a reason; those in refused, an object of reasons
-- by user id, have failed. A second run finds none of them in those states.
update notify.recipient
set state = case when %(refused)s::jsonb ? user_id then 'failed' else %(state)s end,
    reason = coalesce(%(refused)s::jsonb ->> user_id, %(reason)s),
    updated_at = %(now)s
where delivery_id = %(delivery_id)s
  and state = any (%(from_states)s)
