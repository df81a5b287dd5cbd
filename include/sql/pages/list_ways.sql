-- The departments of a tenant (tenant_id) on the ways from some (department_ids) to the top, as they were at an instant (at) or, gone by then,
-- when they were last there.
with recursive way (department_id, parent_id, name, is_there) as (
    select
        version.department_id,
        version.parent_id,
        version.name,
        version.is_there
    from unnest(%(department_ids)s::text[]) as wanted (department_id)
    cross join lateral (
        select
            history.department_id,
            history.parent_id,
            history.name,
            history.valid_to is null or history.valid_to > %(at)s::timestamptz as is_there
        from org.department_history as history
        where history.tenant_id = %(tenant_id)s
          and history.department_id = wanted.department_id
          and history.valid_from <= %(at)s::timestamptz
        order by history.valid_from desc
        limit 1
    ) as version
    union
    select
        version.department_id,
        version.parent_id,
        version.name,
        version.is_there
    from way
    cross join lateral (
        select
            history.department_id,
            history.parent_id,
            history.name,
            history.valid_to is null or history.valid_to > %(at)s::timestamptz as is_there
        from org.department_history as history
        where history.tenant_id = %(tenant_id)s
          and history.department_id = way.parent_id
          and history.valid_from <= %(at)s::timestamptz
        order by history.valid_from desc
        limit 1
    ) as version
)
select
    department_id,
    parent_id,
    name,
    is_there
from way
