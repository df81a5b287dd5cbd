-- The recipients of a call (delivery_id) of a tenant (tenant_id) whom only refused departments (refused: reasons by department id) would
-- have reached have failed. A second run finds none.
with recursive below as (
    select
        named.department_id as top_id,
        named.department_id
    from notify.delivery as delivery
    cross join unnest(delivery.department_ids) as named (department_id)
    where delivery.delivery_id = %(delivery_id)s
    union
    select
        below.top_id,
        child.department_id
    from below
    join org.department_version as child
      on child.tenant_id = %(tenant_id)s
     and child.parent_id = below.department_id
     and child.valid_to is null
), missed as (
    select
        membership.user_id,
        min(%(refused)s::jsonb ->> below.top_id) as reason
    from below
    join org.membership_version as membership
      on membership.tenant_id = %(tenant_id)s
     and membership.department_id = below.department_id
     and membership.valid_to is null
    group by membership.user_id
    having bool_and(%(refused)s::jsonb ? below.top_id)
)
update notify.recipient
set state = 'failed',
    reason = missed.reason,
    updated_at = %(now)s
from missed
where recipient.delivery_id = %(delivery_id)s
  and recipient.user_id = missed.user_id
  and not recipient.is_named
  and recipient.state in ('pending', 'sent', 'unknown')
