-- What one snapshot changed, counted by kind. An update of several columns of one row counts once.
select
    entity,
    kind,
    count(distinct coalesce(user_id, department_id)) as count
from org.change
where tenant_id = %(tenant_id)s
  and changed_at = %(taken_at)s
group by
    entity,
    kind
