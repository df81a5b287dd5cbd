-- The changes of a person (tenant_id, user_id): messages were about them.
select change.change_id
from org.change as change
where change.tenant_id = %(tenant_id)s
  and change.entity = 'user'
  and change.user_id = %(user_id)s
