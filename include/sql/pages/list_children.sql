-- The departments directly below one (department_id) of a tenant (tenant_id) at an instant (at), so many (most), with their people.
with child as (
    select
        version.department_id,
        version.name,
        version.sort_order
    from org.department_history as version
    where version.tenant_id = %(tenant_id)s
      and version.parent_id = %(department_id)s
      and version.valid_from <= %(at)s::timestamptz
      and (version.valid_to is null or version.valid_to > %(at)s::timestamptz)
    order by
        version.sort_order nulls last,
        version.name,
        version.department_id
    limit %(most)s
)
select
    child.department_id,
    child.name,
    coalesce((
        select sum(change.total)
        from org.headcount_change as change
        where change.tenant_id = %(tenant_id)s
          and change.department_id = child.department_id
          and change.changed_at <= %(at)s::timestamptz
    ), 0) as total
from child
order by
    child.sort_order nulls last,
    child.name,
    child.department_id
