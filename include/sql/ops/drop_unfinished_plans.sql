-- Gives up the tenant's plans that never were applied, of one snapshot or of all (%(snapshot_id)s null). Returns their ids, to empty
-- their stage.
update ops.plan
set state = 'dropped'
where tenant_id = %(tenant_id)s
  and state in ('staged', 'planned')
  and (%(snapshot_id)s::text is null or snapshot_id = %(snapshot_id)s)
returning plan_id
