-- The people of calls (delivery_ids) by all their ids, as the organization of the tenant (tenant_id) is now: those who are named, and with
-- most_unnamed all of a call that reaches no more than so many.
with named as materialized (
    select distinct
        delivery.delivery_id,
        reached.user_id,
        reached.is_named
    from notify.delivery as delivery
    -- Call by call, and person by person below: the planner would rather read all there ever were. That is what offset 0 keeps it from.
    cross join lateral (
        select
            recipient.user_id,
            recipient.is_named
        from notify.recipient as recipient
        where recipient.delivery_id = delivery.delivery_id
        offset 0
    ) as reached
    where delivery.delivery_id = any (%(delivery_ids)s)
      and (reached.is_named or delivery.people <= %(most_unnamed)s)
)
select
    named.delivery_id,
    named.user_id,
    named.is_named,
    version.union_id,
    version.open_id
from named
left join lateral (
    select
        person.union_id,
        person.open_id
    from org.user_version as person
    where person.tenant_id = %(tenant_id)s
      and person.user_id = named.user_id
      and person.valid_to is null
    limit 1
) as version on true
order by
    named.delivery_id,
    named.user_id
