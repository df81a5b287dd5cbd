-- The plan that was applied last for a tenant; null if none was.
select (
    select plan_id
    from ops.plan
    where tenant_id = %(tenant_id)s
      and state = 'applied'
    order by applied_at desc
    limit 1
) as plan_id
