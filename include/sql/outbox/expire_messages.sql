-- Ends the messages of a tenant (tenant_id) that were not sent before they expired (now). A second run finds none.
update notify.message
set state = 'expired',
    reason = 'it expired before it was sent',
    settled_at = %(now)s
where tenant_id = %(tenant_id)s
  and state = 'pending'
  and expires_at <= %(now)s
