-- What changed of some departments (ids) of a tenant (tenant_id), each at the instant beside it (instants): of one kind, or all (kind, or null).
select
    change.change_id,
    change.changed_at,
    change.entity,
    change.kind,
    change.user_id,
    change.department_id,
    change.name,
    change.column_name,
    change.value_from,
    change.value_to,
    change.names_from,
    change.names_to,
    change.snapshot_id
from unnest(%(instants)s::timestamptz[], %(ids)s::text[]) with ordinality as wanted (changed_at, id, place)
cross join lateral (
    select change.*
    from org.change
    where change.tenant_id = %(tenant_id)s
      and change.entity = 'department'
      and change.changed_at = wanted.changed_at
      and change.department_id = wanted.id
      and (%(kind)s::text is null or change.kind = %(kind)s::text)
    offset 0 -- Each by itself, through an index: joined as a whole, all of history is read.
) as change
order by
    wanted.place,
    change.kind,
    change.column_name
