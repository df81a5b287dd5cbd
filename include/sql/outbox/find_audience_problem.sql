-- What is wrong with an audience (audience) of a tenant (tenant_id), in words; null if it can be used.
select notify.find_audience_problem(%(tenant_id)s, %(audience)s::jsonb) as problem
