-- The call of an attempt (attempt_id) while it has it: nobody took it for lost, and no other attempt has ended it. Held until the
-- transaction ends.
select delivery.delivery_id
from notify.attempt as attempt
join notify.delivery as delivery
  on delivery.delivery_id = attempt.delivery_id
where attempt.attempt_id = %(attempt_id)s
  and attempt.outcome = 'calling'
  and delivery.lease_until is not null
for update of delivery
