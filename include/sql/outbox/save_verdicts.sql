-- Gives messages the states that were worked out for them (verdicts: message_id, state, reason). A second run changes nothing but the time.
update notify.message
set state = verdict.state,
    reason = verdict.reason,
    is_settled = true,
    settled_at = %(now)s
from jsonb_to_recordset(%(verdicts)s) as verdict (message_id bigint, state text, reason text)
where message.message_id = verdict.message_id
