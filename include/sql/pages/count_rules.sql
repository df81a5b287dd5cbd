-- The rules that were broken by what a plan (plan_id) left out, each with how many findings it has, counted to a number (most) and not on.
with recursive broken as (
    (
        select quarantine.rule
        from ops.quarantine
        where quarantine.plan_id = %(plan_id)s
        order by quarantine.rule
        limit 1
    )
    union all
    select (
        select quarantine.rule
        from ops.quarantine
        where quarantine.plan_id = %(plan_id)s
          and quarantine.rule > broken.rule
        order by quarantine.rule
        limit 1
    )
    from broken
    where broken.rule is not null
)
select
    broken.rule,
    (
        select count(*)
        from (
            select
            from ops.quarantine
            where quarantine.plan_id = %(plan_id)s
              and quarantine.rule = broken.rule
            -- As the index is: else all of them might be read for the first few.
            order by quarantine.entity
            limit %(most)s
        ) as found
    ) as findings
from broken
where broken.rule is not null
order by broken.rule
