-- Removes the staged users of one plan. %(plan_id)s. Harmless when run again.
delete from stage.user
where plan_id = %(plan_id)s
