-- Ends what waits to be sent for tenants (tenant_ids) that are retired: messages that nothing was sent of yet. A second run finds none.
update notify.message
set state = 'expired',
    reason = 'its tenant is not in the tenants file any more',
    settled_at = now()
where tenant_id = any (%(tenant_ids)s::text[])
  and state = 'pending'
