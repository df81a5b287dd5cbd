-- What a retraction that is being tried changes, counted by kind: changes that history told before and does not tell now (is_gone), and
-- those that it tells instead. An update of several columns of one row counts once.
with now_told as materialized (
    select
        changed_at,
        kind,
        entity,
        user_id,
        department_id,
        column_name,
        value_from,
        value_to
    from org.change
    where tenant_id = %(tenant_id)s
      and changed_at >= %(taken_at)s
),
difference as (
    select true as is_gone, gone.*
    from (table change_from_before except table now_told) as gone
    union all
    select false, come.*
    from (table now_told except table change_from_before) as come
)
select
    is_gone,
    entity,
    kind,
    count(distinct (changed_at, coalesce(user_id, department_id))) as count
from difference
group by
    is_gone,
    entity,
    kind
