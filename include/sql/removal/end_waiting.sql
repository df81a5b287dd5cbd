-- Ends what waits to be sent for tenants that have been retired for so long (grace): messages of which nothing was sent yet. A second run finds none.
update notify.message
set state = 'expired',
    reason = 'its tenant is not in the tenants file any more',
    settled_at = now()
from ops.tenant
where tenant.tenant_id = message.tenant_id
  and tenant.retired_at < now() - %(grace)s::interval
  and message.state = 'pending'
