-- The changes of a plan, people first, and within a kind by department; %(limit)s of each entity and kind, all if null.
select
    numbered.kind,
    numbered.entity,
    numbered.user_id,
    numbered.department_id,
    numbered.column_name,
    numbered.value_from,
    numbered.value_to,
    numbered.name,
    numbered.names_from,
    numbered.names_to,
    numbered.department_path
from (
    select
        change.*,
        row_number() over (
            partition by entity, kind
            order by department_path, user_id, department_id, column_name
        ) as place
    from ops.plan_change as change
    where plan_id = %(plan_id)s
) as numbered
where %(limit)s::int is null
   or numbered.place <= %(limit)s
order by
    numbered.entity desc,
    numbered.kind,
    numbered.place
