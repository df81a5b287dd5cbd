-- The departments in which a person (user_id) of a tenant (tenant_id) was at an instant (at), the main one first.
select
    membership.department_id,
    membership.is_main,
    membership.is_leader,
    membership.title
from org.membership_history as membership
where membership.tenant_id = %(tenant_id)s
  and membership.user_id = %(user_id)s
  and membership.valid_from <= %(at)s::timestamptz
  and (membership.valid_to is null or membership.valid_to > %(at)s::timestamptz)
order by
    membership.is_main desc nulls last,
    membership.department_id
