-- The outcomes of the expectations of a plan (%(plan_id)s) that repeats another (%(model_id)s).
insert into ops.expectation_result (plan_id, tenant_id, suite, expectation, column_name, is_success, element_count, unexpected_count)
select
    plan.plan_id,
    plan.tenant_id,
    result.suite,
    result.expectation,
    result.column_name,
    result.is_success,
    result.element_count,
    result.unexpected_count
from ops.expectation_result as result
join ops.plan on plan.plan_id = %(plan_id)s
where result.plan_id = %(model_id)s
