-- Whether this claim is still the one that counts: a row, or none. Nobody can take it over until the transaction ends, renewing it goes on.
select generation
from ops.claim
where tenant_id = %(tenant_id)s
  and purpose = %(purpose)s
  and generation = %(generation)s
for key share
