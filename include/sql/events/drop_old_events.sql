-- Removes the events of a tenant that were received more than `days` days ago, handled or not, and its counts of refusals of that age.
-- A second run finds none. Gives how many events went.
with counted as (
    delete from ops.event_refusal
    where tenant_id = %(tenant_id)s
      and refused_on < (now() at time zone 'UTC')::date - %(days)s::integer
),
old as (
    delete from ops.event
    where tenant_id = %(tenant_id)s
      and received_at < now() - make_interval(days => %(days)s::integer)
    returning event_key
)
select count(*) as removed
from old
