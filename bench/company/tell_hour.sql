-- What the plan of one snapshot (%(taken_at)s) changed, as history tells it.
insert into ops.plan_change (
    plan_id, kind, entity, user_id, department_id, column_name, value_from, value_to, name, names_from, names_to, department_path
)
select
    plan.plan_id,
    change.kind,
    change.entity,
    change.user_id,
    change.department_id,
    change.column_name,
    change.value_from,
    change.value_to,
    change.name,
    change.names_from,
    change.names_to,
    path.path
from org.change
join ops.plan on plan.tenant_id = change.tenant_id and plan.taken_at = change.changed_at
left join bench.person on person.user_id = change.user_id
left join bench.department on department.department_id = change.department_id
left join bench.department_path as path on path.number = coalesce(department.number, person.home_after, person.home)
where change.tenant_id = %(tenant_id)s
  and change.changed_at = %(taken_at)s
