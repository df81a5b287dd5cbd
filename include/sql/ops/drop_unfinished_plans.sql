-- Gives up the tenant's plans that never were applied, of one snapshot (%(snapshot_id)s), or of all taken until then (%(until)s): a newer
-- reading takes over. With %(only_targeted)s those of targeted snapshots alone. The plan of a later one stays; it is worked out anew if
-- history changes before it is applied. Returns their ids, to empty their stage.
update ops.plan
set state = 'dropped'
where tenant_id = %(tenant_id)s
  and (%(until)s::timestamptz is null or taken_at <= %(until)s)
  and state in ('staged', 'planned')
  and (%(snapshot_id)s::text is null or snapshot_id = %(snapshot_id)s)
  and (
    not %(only_targeted)s
    or exists (
        select from ops.snapshot
        where snapshot.snapshot_id = plan.snapshot_id
          and snapshot.mode = 'targeted'
    )
)
returning plan_id
