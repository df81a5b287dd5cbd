-- Stores the outcome of each expectation of a plan. %(results)s: a JSON array of objects named like the columns.
insert into ops.expectation_result (
    plan_id,
    tenant_id,
    suite,
    expectation,
    column_name,
    is_success,
    element_count,
    unexpected_count
)
select
    %(plan_id)s,
    %(tenant_id)s,
    result.suite,
    result.expectation,
    result.column_name,
    result.is_success,
    result.element_count,
    result.unexpected_count
from jsonb_to_recordset(%(results)s) as result (
    suite text,
    expectation text,
    column_name text,
    is_success boolean,
    element_count bigint,
    unexpected_count bigint
)
