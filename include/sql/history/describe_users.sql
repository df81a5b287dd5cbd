-- Fills in the contents of the versions of users that are among a plan's observations.
-- %(plan_id)s: a plan whose observations are gathered. Harmless when run again.

update stage.observation
set observed = to_jsonb(version) - array[
        'tenant_id', 'user_id', 'content_hash', 'valid_from', 'valid_to', 'snapshot_id'
    ] - observation.unobserved
from ops.plan
join org.user_version as version on version.tenant_id = plan.tenant_id
where plan.plan_id = %(plan_id)s
  and observation.plan_id = %(plan_id)s
  and observation.entity = 'user'
  and version.user_id = observation.key_1
  and version.valid_from = observation.version_from
