-- Which of these people (tenants, users: one beside the other) are in no organization now, of tenants that have one. It only reads.
select
    named.tenant_id,
    named.user_id
from unnest(%(tenants)s::text[], %(users)s::text[]) as named (tenant_id, user_id)
where exists (
    select
    from org.users as anybody
    where anybody.tenant_id = named.tenant_id
)
  and not exists (
    select
    from org.users as person
    where person.tenant_id = named.tenant_id
      and person.user_id = named.user_id
)
order by
    named.tenant_id,
    named.user_id
