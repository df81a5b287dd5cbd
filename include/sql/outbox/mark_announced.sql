-- Remembers that the changes of a plan (plan_id, tenant_id) were told, in so many messages. A second run changes nothing.
insert into notify.announced_plan (
    plan_id,
    tenant_id,
    messages
)
values (
    %(plan_id)s,
    %(tenant_id)s,
    %(messages)s
)
on conflict do nothing
