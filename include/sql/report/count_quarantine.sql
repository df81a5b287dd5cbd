-- The quarantined rows and single values of a plan by entity and rule, with a few of their keys.
select
    entity,
    rule,
    min(reason) as reason,
    count(*) as count,
    (array_agg(distinct coalesce(user_id, '') || case when user_id is not null and department_id is not null then ' in ' else '' end
        || coalesce(department_id, '')))[1:3] as examples
from ops.quarantine
where plan_id = %(plan_id)s
group by
    entity,
    rule,
    column_name
order by
    entity,
    rule,
    column_name
