-- What happened to a department (department_id) of a tenant (tenant_id) up to an instant (at), the latest first: so many (most) after so many
-- (skipped). Where it moved, with the ways to where it hung before and then.
with recent as (
    select
        change.changed_at,
        change.kind,
        change.column_name,
        change.value_from,
        change.value_to,
        change.names_from,
        change.names_to
    from org.change
    where change.tenant_id = %(tenant_id)s
      and change.department_id = %(department_id)s
      and change.entity = 'department'
      and change.changed_at <= %(at)s::timestamptz
    order by
        change.changed_at desc,
        change.kind,
        change.column_name
    limit %(most)s
    offset %(skipped)s
)
select
    recent.*,
    way_from.names as path_from,
    way_to.names as path_to
from recent
left join lateral (
    with recursive way as (
        select version.parent_id, version.name, 1 as distance
        from org.department_history as version
        where version.tenant_id = %(tenant_id)s
          and version.department_id = recent.value_from
          and version.valid_from < recent.changed_at
          and (version.valid_to is null or version.valid_to >= recent.changed_at)
        union all
        select version.parent_id, version.name, way.distance + 1
        from way
        join org.department_history as version
          on version.tenant_id = %(tenant_id)s
         and version.department_id = way.parent_id
         and version.valid_from < recent.changed_at
         and (version.valid_to is null or version.valid_to >= recent.changed_at)
        where way.distance < 100
    )
    select string_agg(way.name, ' / ' order by way.distance desc) as names
    from way
) as way_from on recent.kind = 'moved'
left join lateral (
    with recursive way as (
        select version.parent_id, version.name, 1 as distance
        from org.department_history as version
        where version.tenant_id = %(tenant_id)s
          and version.department_id = recent.value_to
          and version.valid_from <= recent.changed_at
          and (version.valid_to is null or version.valid_to > recent.changed_at)
        union all
        select version.parent_id, version.name, way.distance + 1
        from way
        join org.department_history as version
          on version.tenant_id = %(tenant_id)s
         and version.department_id = way.parent_id
         and version.valid_from <= recent.changed_at
         and (version.valid_to is null or version.valid_to > recent.changed_at)
        where way.distance < 100
    )
    select string_agg(way.name, ' / ' order by way.distance desc) as names
    from way
) as way_to on recent.kind = 'moved'
order by
    recent.changed_at desc,
    recent.kind,
    recent.column_name
