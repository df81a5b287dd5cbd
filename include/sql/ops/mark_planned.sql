-- Records that a plan's time lines are worked out, how many versions they hold, what was out of sight, and on which history they are based.
update ops.plan
set state = 'planned',
    based_on_plan_id = %(based_on_plan_id)s,
    timeline_rows = %(timeline_rows)s,
    unseen_counts = coalesce(
        (
            select jsonb_object_agg(unseen.entity, unseen.count)
            from (
                select entity, count(*) as count
                from stage.unseen
                where plan_id = %(plan_id)s
                group by entity
            ) as unseen
        ),
        '{}'
    ),
    planned_at = clock_timestamp()
where plan_id = %(plan_id)s
