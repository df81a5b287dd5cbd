-- Writes down what became of a call (delivery_id) for people (outcomes: an object of state and reason by user id). A second run changes
-- nothing but the time.
update notify.recipient
set state = outcome.value ->> 'state',
    reason = nullif(outcome.value ->> 'reason', ''),
    updated_at = %(now)s
from jsonb_each(%(outcomes)s) as outcome
where recipient.delivery_id = %(delivery_id)s
  and recipient.user_id = outcome.key
  and recipient.state in ('pending', 'sent', 'delivered', 'unknown')
