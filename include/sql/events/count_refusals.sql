-- Counts `refusals` calls of a tenant that were refused for a `reason`. A second run counts them again.
select ops.count_refusals(%(tenant_id)s, %(reason)s, %(refusals)s)
