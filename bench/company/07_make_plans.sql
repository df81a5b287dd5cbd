-- A plan for each snapshot, and a run; of the one that waits, the budget of leavers is exceeded. The hour's nothing is told as well.
insert into ops.plan (
    tenant_id, snapshot_id, taken_at, state, staged_counts, next_at, over_budget, digest, created_at, planned_at, applied_at
)
select
    %(tenant_id)s,
    snapshot.snapshot_id,
    snapshot.taken_at,
    case when snapshot.state = 'loaded' then 'applied' else 'planned' end,
    snapshot.counts,
    'infinity',
    case
        when snapshot.state = 'loaded' then '[]'
        else jsonb_build_array(jsonb_build_object(
            'budget', 'leavers', 'count', %(leavers)s, 'total', %(people)s, 'percent', 3.0, 'allowed_count', 50, 'allowed_percent', 0.5
        ))
    end,
    md5(snapshot.snapshot_id),
    snapshot.taken_at + interval '2 minutes',
    snapshot.taken_at + interval '3 minutes',
    case when snapshot.state = 'loaded' then snapshot.taken_at + interval '4 minutes' end
from ops.snapshot
where snapshot.tenant_id = %(tenant_id)s
order by snapshot.taken_at;

update ops.snapshot
set plan_id = plan.plan_id,
    loaded_at = plan.applied_at
from ops.plan
where plan.snapshot_id = snapshot.snapshot_id
  and plan.state = 'applied';

insert into ops.sync_run (
    tenant_id, run_id, platform, run_type, mode, method, outcome, snapshot_id, plan_id, counts, step_seconds, calls, started_at, finished_at
)
select
    %(tenant_id)s,
    'scheduled__' || to_char(plan.taken_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"'),
    %(platform)s,
    'scheduled',
    snapshot.mode,
    'all staff',
    case
        when plan.state = 'planned' then 'running'
        when instant.is_change then 'succeeded'
        else 'unchanged'
    end,
    plan.snapshot_id,
    plan.plan_id,
    snapshot.counts || jsonb_build_object('history_rows', case when instant.is_change then 120 else 0 end),
    '{"extract": 61.2, "validate": 31.8, "tidy": 9.1, "expect": 4.4, "page": 0.1, "stage": 8.2, "plan": 12.2, "merge": 4.4, "write": 3.1}',
    '{"tenant_access_token/internal": {"expected": 1, "read": 1, "failed": 0, "retried": 0, "throttled": 0},
      "scopes": {"expected": 1, "read": 1, "failed": 0, "retried": 0, "throttled": 0},
      "departments/children": {"expected": 600, "read": 600, "failed": 0, "retried": 3, "throttled": 1},
      "users/find_by_department": {"expected": 30000, "read": 30000, "failed": 0, "retried": 12, "throttled": 4}}',
    plan.taken_at - interval '2 minutes',
    case when plan.state = 'applied' then plan.applied_at end
from ops.plan
join ops.snapshot on snapshot.snapshot_id = plan.snapshot_id
join bench.instant on instant.taken_at = plan.taken_at
where plan.tenant_id = %(tenant_id)s;

insert into ops.expectation_result (plan_id, tenant_id, suite, expectation, column_name, is_success, element_count, unexpected_count)
select
    plan.plan_id,
    plan.tenant_id,
    suite.suite,
    'expect_column_values_to_not_be_null',
    column_name,
    true,
    %(people)s,
    0
from ops.plan
cross join (
    values
        ('departments', array['department_id', 'name', 'parent_id', 'sort_order']),
        ('users', array['user_id', 'name', 'mobile', 'email', 'work_email', 'status', 'gender', 'hired_on']),
        ('memberships', array['user_id', 'department_id', 'is_main', 'is_leader'])
) as suite (suite, column_names)
cross join lateral unnest(suite.column_names) as column_name
where plan.tenant_id = %(tenant_id)s;

insert into ops.doctor_check (tenant_id, name, subject, outcome, since, checked_at, reason, fix, lost, reason_zh, fix_zh, lost_zh)
select %(tenant_id)s, name, '', 'ok', now() - interval '200 days', now(), '', '', '', '', '', ''
from unnest(array['credentials', 'permission', 'range', 'warehouse']) as name;
