-- Ends the versions of departments where a plan's time line ends them.
-- %(plan_id)s: a planned plan. Harmless when run again: what the time line says is then already so.

update org.department_version as version
set valid_to = nullif(timeline.valid_to, 'infinity')
from stage.timeline, ops.plan
where timeline.plan_id = %(plan_id)s
  and timeline.entity = 'department'
  and plan.plan_id = %(plan_id)s
  and version.tenant_id = plan.tenant_id
  and version.department_id = timeline.key_1
  and version.valid_from = timeline.valid_from
  and version.content_hash = timeline.content_hash
  and version.valid_to is distinct from nullif(timeline.valid_to, 'infinity')
