-- Moves people (user_ids) of a call (delivery_id) into one of their own, which names them, waits until an instant (until) and says why (reason).
-- They have not got it: the call was not made, or the platform left them out of it.
-- A message none of whose recipients stay in the old call is not that call's any more, unless none stay at all. A second run finds nobody.
with leaving as materialized (
    select
        message_id,
        user_id
    from notify.recipient
    where delivery_id = %(delivery_id)s
      and user_id = any (%(user_ids)s)
      and state in ('pending', 'sent', 'delivered', 'unknown')
), staying as materialized (
    select distinct message_id
    from notify.recipient
    where delivery_id = %(delivery_id)s
      and user_id <> all (%(user_ids)s)
), made as (
    insert into notify.delivery (
        tenant_id,
        message_id,
        people,
        priority,
        attempts,
        recall_after,
        next_attempt_at,
        reason
    )
    select
        whole.tenant_id,
        moved.message_id,
        moved.people,
        whole.priority,
        whole.attempts,
        whole.recall_after,
        %(until)s,
        %(reason)s
    from notify.delivery as whole
    cross join (
        select
            min(message_id) as message_id,
            count(distinct user_id) as people
        from leaving
        having count(*) > 0
    ) as moved
    where whole.delivery_id = %(delivery_id)s
    returning delivery_id
), carried as (
    insert into notify.delivery_message (
        delivery_id,
        message_id
    )
    select distinct
        made.delivery_id,
        leaving.message_id
    from made
    cross join leaving
), left_behind as (
    delete from notify.delivery_message
    where delivery_id = %(delivery_id)s
      and message_id in (select message_id from leaving)
      and message_id not in (select message_id from staying)
      and exists (select from staying)
), smaller as (
    update notify.delivery
    set people = delivery.people - (select count(distinct user_id) from leaving)
    where delivery_id = %(delivery_id)s
), told as (
    update notify.message
    set is_settled = false
    where message_id in (select message_id from leaving)
)
update notify.recipient
set delivery_id = made.delivery_id,
    is_named = true,
    state = 'pending',
    reason = null,
    updated_at = %(now)s
from made
where recipient.delivery_id = %(delivery_id)s
  and recipient.user_id = any (%(user_ids)s)
  and recipient.state in ('pending', 'sent', 'delivered', 'unknown')
