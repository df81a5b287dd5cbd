-- Keeps what a plan would change, when it is not applied.
update ops.plan
set summary = %(summary)s
where plan_id = %(plan_id)s
