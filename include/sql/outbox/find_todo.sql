-- Where the todo stands that a message (message_id) made: its state, and how many of its calls are not made yet.
select
    message.state,
    (
        select count(*)
        from notify.delivery_message as carried
        join notify.delivery as delivery
          on delivery.delivery_id = carried.delivery_id
        where carried.message_id = message.message_id
          and delivery.state in ('waiting', 'calling', 'unknown')
    ) as open_calls
from notify.message as message
where message.message_id = %(message_id)s
