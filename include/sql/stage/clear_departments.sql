-- Removes the staged departments of one plan. %(plan_id)s. Harmless when run again.
delete from stage.department
where plan_id = %(plan_id)s
