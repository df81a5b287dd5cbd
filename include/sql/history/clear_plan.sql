-- Forgets what was worked out for a plan, so that it can be worked out anew. The staged rows stay.
-- %(plan_id)s. Harmless when run again.

with affected as (
    delete from stage.affected where plan_id = %(plan_id)s
),
unseen as (
    delete from stage.unseen where plan_id = %(plan_id)s
),
observation as (
    delete from stage.observation where plan_id = %(plan_id)s
)
delete from stage.timeline where plan_id = %(plan_id)s
