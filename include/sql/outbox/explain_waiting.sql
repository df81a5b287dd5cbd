-- Says anew why the messages of a tenant (tenant_id) wait, but of those that wait for a time of their own. A second run changes nothing.
update notify.message
set reason = notify.explain_wait(tenant_id, not_before)
where tenant_id = %(tenant_id)s
  and state in ('pending', 'claimed')
  and (next_attempt_at <= greatest(not_before, now()) or exists (
    select
    from notify.channel
    where channel.tenant_id = message.tenant_id
      and (channel.retired_at is not null or channel.problem is not null)
  ))
  and reason is distinct from notify.explain_wait(tenant_id, not_before)
