-- Loads tidy departments, in the order of the frame's columns. Empty means null: tidy frames hold no empty text.
copy stage.department (
    plan_id,
    department_id,
    parent_id,
    name,
    name_en,
    sort_order,
    is_hidden,
    source_identifier,
    leader_user_ids,
    attributes
) from stdin with (format csv, null '')
