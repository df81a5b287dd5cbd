-- The departments of a tenant (tenant_id) that each of some texts (asked) may mean: by id, or by the end of their path of names.
select
    wanted.text,
    tree.department_id,
    array_to_string(tree.path_names, '/') as path,
    tree.department_id = wanted.text as is_id,
    array_to_string(tree.path_names, '/') = wanted.text as is_path
from unnest(%(asked)s::text[]) as wanted (text)
join org.department_tree as tree
  on tree.tenant_id = %(tenant_id)s
 and (
    tree.department_id = wanted.text
    or right('/' || array_to_string(tree.path_names, '/'), length(wanted.text) + 1) = '/' || wanted.text
 )
order by
    wanted.text,
    path,
    tree.department_id
