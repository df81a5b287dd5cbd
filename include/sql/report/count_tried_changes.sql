-- What a plan changes, counted by kind. An update of several columns of one row counts once.
select
    changed.entity,
    changed.kind,
    count(*) as count
from (
    select distinct
        change.entity,
        change.kind,
        change.user_id,
        change.department_id
    from ops.plan_change as change
    where change.plan_id = %(plan_id)s
) as changed
group by
    changed.entity,
    changed.kind
