-- What is looked for in an erasure (erasure_id).
select
    kind,
    value
from ops.erasure_value
where erasure_id = %(erasure_id)s
order by
    kind,
    value
