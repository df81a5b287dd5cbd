-- What the first plan changed: everybody joined. The one that waits would let %(leavers)s go and
-- change the titles of %(retitled)s.
insert into ops.plan_change (plan_id, kind, entity, user_id, department_id, value_to, name, department_path)
select plan.plan_id, 'joined', 'user', person.user_id, null, person.name, person.name, path.path
from bench.person
join bench.department_path as path on path.number = person.home
cross join ops.plan
where person.starts = 0
  and plan.plan_id = (select min(first.plan_id) from ops.plan as first where first.tenant_id = %(tenant_id)s)
union all
select plan.plan_id, 'created', 'department', null, department.department_id, department.name, department.name, path.path
from bench.department
join bench.department_path as path using (number)
cross join ops.plan
where department.starts = 0
  and plan.plan_id = (select min(first.plan_id) from ops.plan as first where first.tenant_id = %(tenant_id)s);

insert into ops.plan_change (plan_id, kind, entity, user_id, column_name, value_from, value_to, name, department_path)
select
    plan.plan_id,
    case when person.number %% 4 > 0 then 'left' else 'updated' end,
    'user',
    person.user_id,
    case when person.number %% 4 = 0 then 'title' end,
    case when person.number %% 4 > 0 then person.name else person.title end,
    case when person.number %% 4 = 0 then person.title_after end,
    person.name,
    path.path
from bench.person
join bench.department_path as path on path.number = coalesce(person.home_after, person.home)
cross join ops.plan
where person.number > %(departments)s
  and person.number <= %(departments)s + (%(leavers)s + %(retitled)s)
  and plan.tenant_id = %(tenant_id)s
  and plan.state = 'planned';

update ops.plan
set summary = counted.summary
from (
    select plan_id, jsonb_object_agg(entity, kinds) as summary
    from (
        select plan_id, entity, jsonb_object_agg(kind, count) as kinds
        from (select plan_id, entity, kind, count(*) from ops.plan_change group by plan_id, entity, kind) as kind
        group by plan_id, entity
    ) as entity
    group by plan_id
) as counted
where counted.plan_id = plan.plan_id;
