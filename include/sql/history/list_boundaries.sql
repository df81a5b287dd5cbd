-- The instants from its snapshot on at which a plan that takes the general way may change how many people are where: where the keys it
-- affects begin or end. Asked before it is written, and after.
-- %(plan_id)s: a plan whose time lines are found.
select distinct boundary.instant
from stage.affected
join ops.plan using (plan_id)
join stage.version
  on version.entity = affected.entity
 and version.tenant_id = plan.tenant_id
 and version.key_1 = affected.key_1
 and version.key_2 = affected.key_2
cross join lateral (values (version.valid_from), (version.valid_to)) as boundary (instant)
where affected.plan_id = %(plan_id)s
  and boundary.instant between plan.taken_at and affected.until_at
