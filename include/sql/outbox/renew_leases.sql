-- Lengthens the leases of attempts (attempt_ids), each by its own span (spans) from now on, and gives those that still have their call. A
-- lease that is over is not lengthened. It is judged by the later of two times: the caller may have stood still since it looked at the clock
-- (now). A second run lengthens them again.
update notify.delivery
set lease_until = greatest(%(now)s, clock_timestamp()) + renewed.span
from unnest(%(attempt_ids)s::bigint[], %(spans)s::interval[]) as renewed (attempt_id, span)
where delivery.lease_attempt_id = renewed.attempt_id
  and delivery.lease_until > greatest(%(now)s, clock_timestamp())
returning renewed.attempt_id
