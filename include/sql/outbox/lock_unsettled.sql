-- Messages of a tenant (tenant_id) whose state is to be worked out anew, so many (most_messages), held until the transaction ends. What is
-- known of them is read by the next statement: whoever changed it had them before, and this one still sees it as it was when it began.
select message_id
from notify.message
where tenant_id = %(tenant_id)s
  and not is_settled
order by message_id
limit %(most_messages)s
for update skip locked
