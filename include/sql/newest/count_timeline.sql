-- How many versions lie on the time lines that a plan of a snapshot later than all of history touches: the last one of each key, and the one
-- that begins.
select
    (
        select count(*)
        from stage.affected
        join ops.plan using (plan_id)
        where affected.plan_id = %(plan_id)s
          and affected.from_at < plan.taken_at
    )
    + (select count(*) from stage.list_next_departments(%(plan_id)s))
    + (select count(*) from stage.list_next_users(%(plan_id)s))
    + (select count(*) from stage.list_next_memberships(%(plan_id)s)) as timeline_rows
