-- What a plan (plan_id) changes of one entity (entity, `user` or `department`) and kind (kind), by id and column: so many lines (most), of those
-- after one (after_id, after_column), or from the first if null. Whose plan it is has been made sure of.
select
    line.user_id,
    line.department_id,
    line.name,
    line.department_path,
    line.column_name,
    line.value_from,
    line.value_to,
    line.names_from,
    line.names_to
from ops.plan_line as line
where line.plan_id = %(plan_id)s
  and line.entity = %(entity)s
  and line.kind = %(kind)s
  and (
    %(after_id)s::text is null
    or (%(entity)s = 'user' and (line.user_id, coalesce(line.column_name, '')) > (%(after_id)s, %(after_column)s))
    or (
        %(entity)s = 'department'
        and line.user_id is null
        and (line.department_id, coalesce(line.column_name, '')) > (%(after_id)s, %(after_column)s)
    )
  )
order by
    line.user_id,
    line.department_id,
    coalesce(line.column_name, '')
limit %(most)s
