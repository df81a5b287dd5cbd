-- What a plan changes, counted by kind. An update of several columns of one row counts once.
select
    entity,
    kind,
    count(distinct coalesce(user_id, department_id)) as count
from ops.plan_change
where plan_id = %(plan_id)s
group by
    entity,
    kind
