-- How many events of a tenant were received more than `days` days ago. Nothing is written.
select count(*) as removed
from ops.event
where tenant_id = %(tenant_id)s
  and received_at < now() - make_interval(days => %(days)s::integer)
