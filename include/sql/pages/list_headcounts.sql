-- How many people a department (department_id) of a tenant (tenant_id) had over time up to an instant (at): the very first count, and of so many
-- (most) equal spans of the time since then the last one of each.
with ends as (
    select
        min(change.changed_at) as first_at,
        max(change.changed_at) as last_at
    from org.headcount_change as change
    where change.tenant_id = %(tenant_id)s
      and change.department_id = %(department_id)s
      and change.changed_at <= %(at)s::timestamptz
),
span as (
    select
        max(change.changed_at) as changed_at,
        sum(change.own) as own,
        sum(change.total) as total
    from org.headcount_change as change
    cross join ends
    where change.tenant_id = %(tenant_id)s
      and change.department_id = %(department_id)s
      and change.changed_at <= %(at)s::timestamptz
    group by case
        when change.changed_at > ends.first_at
            then date_bin(greatest((ends.last_at - ends.first_at) / %(most)s::integer, interval '1 microsecond'), change.changed_at, ends.first_at)
    end
)
select
    span.changed_at,
    sum(span.own) over (order by span.changed_at) as own,
    sum(span.total) over (order by span.changed_at) as total
from span
order by span.changed_at
