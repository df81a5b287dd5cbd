-- Remembers what history tells of an instant and all later ones before a retraction is tried, for the length of the transaction.
create temporary table change_from_before on commit drop as
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
