-- Keeps out of a plan (%(plan_id)s) what was kept out of the one that it repeats (%(model_id)s).
insert into ops.quarantine (plan_id, tenant_id, snapshot_id, entity, user_id, department_id, column_name, rule, reason)
select
    plan.plan_id,
    plan.tenant_id,
    plan.snapshot_id,
    quarantine.entity,
    quarantine.user_id,
    quarantine.department_id,
    quarantine.column_name,
    quarantine.rule,
    quarantine.reason
from ops.quarantine
join ops.plan on plan.plan_id = %(plan_id)s
where quarantine.plan_id = %(model_id)s
