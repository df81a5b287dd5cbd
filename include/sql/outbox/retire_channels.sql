-- Retires the tenants that are not in the tenants file any more (tenant_ids are those that are), so that nothing is queued for them.
-- A second run finds none.
update notify.channel
set retired_at = now()
where retired_at is null
  and tenant_id <> all (%(tenant_ids)s)
returning tenant_id
