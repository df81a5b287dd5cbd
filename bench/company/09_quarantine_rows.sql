-- %(quarantined)s rows that break a rule, each since one of the last ten days and in each plan from then on.
insert into ops.quarantine (plan_id, tenant_id, snapshot_id, entity, user_id, department_id, column_name, rule, reason, created_at)
select
    plan.plan_id,
    plan.tenant_id,
    plan.snapshot_id,
    case when row_number %% 10 = 0 then 'department' else 'user' end,
    case when row_number %% 10 > 0 then person.user_id end,
    case when row_number %% 10 = 0 then department.department_id end,
    case when row_number %% 10 > 0 and row_number %% 3 = 0 then 'hired_on' end,
    case
        when row_number %% 10 = 0 then 'leader_not_member'
        when row_number %% 3 = 0 then 'unread_value'
        else 'malformed_value'
    end,
    case
        when row_number %% 10 = 0 then 'a leader is not one of its members'
        when row_number %% 3 = 0 then 'hired_on is no day'
        else 'mobile is none'
    end,
    plan.created_at
from generate_series(1, %(quarantined)s) as row_number
join bench.person on person.number = %(departments)s + row_number * 7
join bench.department on department.number = 1 + row_number
join ops.plan
  on plan.tenant_id = %(tenant_id)s
 and plan.taken_at >= now() - make_interval(hours => 1 + bench.draw(least(240, %(snapshots)s), row_number, 60, 1)::integer);
