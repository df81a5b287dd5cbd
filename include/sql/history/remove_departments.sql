-- Removes the versions of departments that a plan's time line does not hold. A load in time order finds none:
-- only history loaded before the latest snapshot splits and joins versions, and what it removes it writes anew.
-- %(plan_id)s: a planned plan. Harmless when run again.

delete from org.department_version as version
using stage.affected, ops.plan
where affected.plan_id = %(plan_id)s
  and affected.entity = 'department'
  and plan.plan_id = %(plan_id)s
  and version.tenant_id = plan.tenant_id
  and version.department_id = affected.key_1
  and version.valid_from between affected.from_at and affected.until_at
  and not exists (
    select from stage.timeline
    where timeline.plan_id = %(plan_id)s
      and timeline.entity = 'department'
      and version.department_id = timeline.key_1
      and timeline.valid_from = version.valid_from
      and timeline.content_hash = version.content_hash
  )
