-- Lets the calls of a tenant (tenant_id) that wait because something failed go now (now): somebody has mended it, and asks. What waits for
-- a quota is held again when it is its turn. A second run finds none.
update notify.delivery
set next_attempt_at = %(now)s
where tenant_id = %(tenant_id)s
  and state in ('waiting', 'unknown')
  and next_attempt_at > %(now)s
