-- What happened to a person (user_id) of a tenant (tenant_id) up to an instant (at), the latest first: so many (most) after so many (skipped).
select
    change.changed_at,
    change.kind,
    change.column_name,
    change.value_from,
    change.value_to,
    change.names_from,
    change.names_to
from org.change
where change.tenant_id = %(tenant_id)s
  and change.user_id = %(user_id)s
  and change.entity = 'user'
  and change.changed_at <= %(at)s::timestamptz
order by
    change.changed_at desc,
    change.kind,
    change.column_name
limit %(most)s
offset %(skipped)s
