-- Forgets the changes that were worked out for a plan, so that they can be worked out anew. Harmless when run again.
delete from ops.plan_change
where plan_id = %(plan_id)s
