-- Retires the tenants that are not in the tenants file any more (tenant_ids are those that are). A second run finds none.
update ops.tenant
set retired_at = now()
where retired_at is null
  and tenant_id <> all (%(tenant_ids)s::text[])
returning tenant_id
