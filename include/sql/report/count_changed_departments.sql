-- In which departments (a person's main one) a plan (plan_id) changes the most people, so many (most) at most: how many by kind, and in all.
-- Only who comes, goes or moves; names no person.
select
    counted.department_path,
    jsonb_object_agg(counted.kind, counted.people) as counts,
    sum(counted.people)::int as people
from (
    select
        department_path,
        kind,
        count(*) as people
    from ops.plan_change
    where plan_id = %(plan_id)s
      and entity = 'user'
      and kind in ('joined', 'left', 'returned', 'moved')
      and department_path is not null
    group by
        department_path,
        kind
) as counted
group by counted.department_path
order by
    people desc,
    counted.department_path
limit %(most)s
