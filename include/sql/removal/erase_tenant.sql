-- Takes a tenant out of every table (erasure_id). A second run finds nothing.
select ops.erase_tenant(%(erasure_id)s) as counts
