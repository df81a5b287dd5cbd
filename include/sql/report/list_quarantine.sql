-- What is in quarantine now: the rows kept out of each tenant's newest load of everybody, with all the rules they broke, for how many loads in a
-- row, and since when. %(tenant_id)s null: all tenants.
with loaded as (
    select
        tenant_id,
        plan_id,
        taken_at,
        row_number() over (partition by tenant_id order by taken_at desc) as age
    from ops.snapshot
    where state = 'loaded'
      and mode <> 'targeted'
      and (%(tenant_id)s::text is null or tenant_id = %(tenant_id)s)
),
kept_out as (
    select
        loaded.tenant_id,
        loaded.age,
        loaded.taken_at,
        quarantine.entity,
        quarantine.user_id,
        quarantine.department_id,
        string_agg(distinct quarantine.rule, ', ' order by quarantine.rule) as rules,
        string_agg(distinct quarantine.reason, '; ' order by quarantine.reason) as reasons
    from loaded
    join ops.quarantine using (plan_id)
    group by
        loaded.tenant_id,
        loaded.age,
        loaded.taken_at,
        quarantine.entity,
        quarantine.user_id,
        quarantine.department_id
),
-- Ages without a gap, beginning with the newest, have the same distance to their place.
runs as (
    select
        kept_out.*,
        kept_out.age - row_number() over (
            partition by tenant_id, entity, user_id, department_id
            order by age
        ) as gap
    from kept_out
)
select
    tenant_id,
    entity,
    user_id,
    department_id,
    (array_agg(rules order by age))[1] as rules,
    (array_agg(reasons order by age))[1] as reasons,
    count(*) as runs,
    min(taken_at) as since
from runs
where gap = 0
group by
    tenant_id,
    entity,
    user_id,
    department_id
order by
    tenant_id,
    entity,
    runs desc,
    user_id,
    department_id
