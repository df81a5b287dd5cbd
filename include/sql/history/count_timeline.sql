-- How many versions lie on the time lines that a plan touches.
select count(*) as timeline_rows
from stage.timeline
where timeline.plan_id = %(plan_id)s
