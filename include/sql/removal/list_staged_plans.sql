-- The plans of a tenant (tenant_id) of which rows of the stage are left, whatever became of them. Nothing is written.
select plan.plan_id
from ops.plan
where plan.tenant_id = %(tenant_id)s
  and (
    exists (select from stage.department as staged where staged.plan_id = plan.plan_id)
    or exists (select from stage.user as staged where staged.plan_id = plan.plan_id)
    or exists (select from stage.membership as staged where staged.plan_id = plan.plan_id)
    or exists (select from stage.affected where affected.plan_id = plan.plan_id)
    or exists (select from stage.unseen where unseen.plan_id = plan.plan_id)
    or exists (select from stage.observation where observation.plan_id = plan.plan_id)
    or exists (select from stage.timeline where timeline.plan_id = plan.plan_id)
  )
order by plan.plan_id
