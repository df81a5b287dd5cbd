-- Removes the staged memberships of one plan. %(plan_id)s. Harmless when run again.
delete from stage.membership
where plan_id = %(plan_id)s
