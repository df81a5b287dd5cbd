-- Remembers what history tells of an instant before a plan is tried, for the length of the transaction.
create temporary table change_before on commit drop as
select
    change_id,
    kind,
    entity,
    user_id,
    department_id,
    column_name,
    value_from,
    value_to
from org.change
where tenant_id = %(tenant_id)s
  and changed_at = %(taken_at)s
