-- Stores the changes of a plan, as read_tried_changes wrote them.
copy ops.plan_change (
    plan_id,
    kind,
    entity,
    user_id,
    department_id,
    column_name,
    value_from,
    value_to,
    name,
    names_from,
    names_to,
    department_path
) from stdin
