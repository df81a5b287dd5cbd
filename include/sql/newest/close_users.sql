-- Ends what held of the users that a snapshot later than all of history changes, or no longer has.
-- %(plan_id)s: a planned plan. Harmless when run again.

update org.user_version as version
set valid_to = plan.taken_at
from stage.affected
join ops.plan using (plan_id)
where affected.plan_id = %(plan_id)s
  and affected.entity = 'user'
  and affected.from_at < plan.taken_at
  and version.tenant_id = plan.tenant_id
  and version.user_id = affected.key_1
  and version.valid_from = affected.from_at
  and version.valid_to is null
