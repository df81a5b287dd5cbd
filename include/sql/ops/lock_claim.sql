-- Looks at a claim, and keeps every other from taking it until the transaction ends. Its holder may go on to renew it,
-- unless what it does at this moment depends on the claim: then this waits for that.
select
    generation,
    claimed_by,
    worker,
    claimed_at,
    held_until,
    coalesce(held_until > clock_timestamp(), false) as is_held
from ops.claim
where tenant_id = %(tenant_id)s
  and purpose = %(purpose)s
for update
