-- Turns messages of a tenant (tenant_id) that were settled before an instant (before) into numbers, so many (most) at a time. A second run takes
-- the next of them.
select notify.forget_messages(%(tenant_id)s, %(before)s, %(most)s) as messages
