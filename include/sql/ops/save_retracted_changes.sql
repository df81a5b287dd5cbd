-- Stores in the plan of a retraction (%(plan_id)s), in counts, the changes that it takes back (%(summary)s).
update ops.plan
set summary = %(summary)s
where plan_id = %(plan_id)s
