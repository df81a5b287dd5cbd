-- Writes down where a call (delivery_id) stands, and lets it go; what is null here keeps its value, but for what it waits for.
with marked as (
    update notify.delivery
    set state = %(state)s,
        reason = %(reason)s,
        platform_id = coalesce(%(platform_id)s, platform_id),
        next_attempt_at = coalesce(%(next_attempt_at)s, next_attempt_at),
        sent_at = coalesce(sent_at, %(sent_at)s),
        results_after = %(results_after)s,
        results_asked = results_asked + %(results_asked)s,
        recall_after = case when %(keeps_recall)s then coalesce(%(recall_after)s, recall_after) end,
        claimed_by = null,
        lease_until = null,
        lease_attempt_id = null
    where delivery_id = %(delivery_id)s
    returning delivery_id
)
update notify.message
set is_settled = false
from notify.delivery_message as carried
join marked
  on marked.delivery_id = carried.delivery_id
where message.message_id = carried.message_id
