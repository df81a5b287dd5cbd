-- The rows that a statement of somebody's (statement) gives, each a list in the order of its columns. It only reads.
select answer.value::text as row
from ops.answer(%(statement)s) as answer (value)
