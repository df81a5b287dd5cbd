-- The call of an attempt (attempt_id) while it has it: nobody took it for lost, and no other attempt has ended it. Held until the
-- transaction ends.
select delivery_id
from notify.delivery
where lease_attempt_id = %(attempt_id)s
for update
