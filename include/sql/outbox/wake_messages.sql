-- Lets the messages of a tenant (tenant_id) that wait although their time has come go now (now). A second run finds none.
update notify.message
set next_attempt_at = greatest(%(now)s, not_before)
where tenant_id = %(tenant_id)s
  and state = 'pending'
  and next_attempt_at > greatest(%(now)s, not_before)
