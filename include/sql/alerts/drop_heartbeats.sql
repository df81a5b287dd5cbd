-- Forgets since when tenants that are none of these (tenants) were in the tenants file: one that comes back is new. A second run does nothing.
delete from ops.heartbeat
where part = 'watch'
  and tenant_id <> ''
  and tenant_id <> all (%(tenants)s::text[])
