-- Loads tidy memberships, in the order of the frame's columns. Empty means null: tidy frames hold no empty text.
copy stage.membership (
    plan_id,
    user_id,
    department_id,
    is_main,
    is_leader,
    sort_order,
    title,
    attributes
) from stdin with (format csv, null '')
