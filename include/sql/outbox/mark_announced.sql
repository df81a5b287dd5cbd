-- Remembers that the changes of a plan (plan_id, tenant_id) were told, in so many messages, and what could not be (problems). A second run
-- changes nothing.
insert into notify.announced_plan (
    plan_id,
    tenant_id,
    messages,
    problems
)
values (
    %(plan_id)s,
    %(tenant_id)s,
    %(messages)s,
    %(problems)s::text[]
)
on conflict do nothing
