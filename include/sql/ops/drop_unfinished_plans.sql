-- Gives up the tenant's plans that never were applied: a newer reading takes over. Returns their ids, to empty their stage.
update ops.plan
set state = 'dropped'
where tenant_id = %(tenant_id)s
  and state in ('staged', 'planned')
returning plan_id
