-- Ends a retraction (%(plan_id)s) that was written. If it changed history, the later snapshots that did not see the whole organization
-- have to be judged anew, as after a load. Harmless when run again.
with applied as (
    update ops.plan
    set state = 'applied',
        applied_at = clock_timestamp()
    where plan_id = %(plan_id)s
    returning plan.*
)
update ops.snapshot
set is_stale = true
from applied
where %(history_rows)s > 0
  and snapshot.tenant_id = applied.tenant_id
  and snapshot.taken_at > applied.taken_at
  and snapshot.state = 'loaded'
  and not (snapshot.sees_whole and snapshot.is_complete)
  and snapshot.mode <> 'targeted'
