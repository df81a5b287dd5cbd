-- Bounds the stretch of each affected key's time line that is written anew. It begins with the version that began last before
-- the snapshot, since later observations are laid over its content, and ends at the first loaded snapshot after it that by
-- itself settles every column this plan speaks of. next_at is where the first one speaks of the key at all.
-- %(plan_id)s: a plan whose affected keys are found. Harmless when run again.

with later as materialized (
    select
        loaded.entity,
        loaded.taken_at,
        loaded.plan_id,
        loaded.snapshot_id,
        loaded.is_targeted
    from stage.reading
    join stage.loaded
      on loaded.tenant_id = reading.tenant_id
     and loaded.entity = reading.entity
     and loaded.taken_at > reading.taken_at
     and loaded.unobserved <@ reading.quiet
    where reading.plan_id = %(plan_id)s
),
bounds as (
    select
        affected.entity,
        affected.key_1,
        affected.key_2,
        earlier.valid_from as from_at,
        settled.taken_at as until_at,
        least(plan.next_at, asked.taken_at) as next_at
    from stage.affected
    join ops.plan using (plan_id)
    left join lateral (
        select max(version.valid_from) as valid_from
        from stage.version
        where version.entity = affected.entity
          and version.tenant_id = plan.tenant_id
          and version.key_1 = affected.key_1
          and version.key_2 = affected.key_2
          and version.valid_from < plan.taken_at
    ) as earlier on true
    left join lateral (
        select min(asked_later.taken_at) as taken_at
        from stage.asked_later
        where asked_later.tenant_id = plan.tenant_id
          and asked_later.entity = affected.entity
          and asked_later.key_1 = affected.key_1
          and asked_later.taken_at > plan.taken_at
    ) as asked on true
    left join lateral (
        select min(later.taken_at) as taken_at
        from later
        join stage.version
          on version.entity = affected.entity
         and version.tenant_id = plan.tenant_id
         and version.key_1 = affected.key_1
         and version.key_2 = affected.key_2
         and version.valid_from <= later.taken_at
         and (version.valid_to is null or version.valid_to > later.taken_at)
        where later.entity = affected.entity
          and (
            not later.is_targeted
            or exists (
                select from stage.asked_later
                where asked_later.snapshot_id = later.snapshot_id
                  and asked_later.entity = affected.entity
                  and asked_later.key_1 = affected.key_1
            )
          )
          and not exists (
            select from stage.quarantined
            where quarantined.plan_id = later.plan_id
              and quarantined.entity = affected.entity
              and quarantined.key_1 = affected.key_1
              and quarantined.key_2 = affected.key_2
          )
          and not exists (
            select from stage.unread
            where unread.plan_id = later.plan_id
              and unread.entity = affected.entity
              and unread.key_1 = affected.key_1
              and unread.key_2 = affected.key_2
          )
    ) as settled on true
    where affected.plan_id = %(plan_id)s
)
update stage.affected
set from_at = coalesce(bounds.from_at, affected.from_at),
    until_at = coalesce(bounds.until_at, affected.until_at),
    next_at = bounds.next_at
from bounds
where affected.plan_id = %(plan_id)s
  and affected.entity = bounds.entity
  and affected.key_1 = bounds.key_1
  and affected.key_2 = bounds.key_2
