-- Lets the messages of a tenant (tenant_id) up to a priority (priority) wait until an instant (until), and says why (reason).
update notify.message
set next_attempt_at = %(until)s,
    reason = %(reason)s
where tenant_id = %(tenant_id)s
  and state = 'pending'
  and priority <= %(priority)s
  and next_attempt_at < %(until)s
