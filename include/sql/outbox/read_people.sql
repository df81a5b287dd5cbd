-- The people of calls (delivery_ids) by all their ids, as the organization of the tenant (tenant_id) is now: those who are named, and with
-- most_unnamed all of a call that reaches no more than so many.
select distinct
    recipient.delivery_id,
    recipient.user_id,
    recipient.is_named,
    version.union_id,
    version.open_id
from notify.recipient as recipient
join notify.delivery as delivery
  on delivery.delivery_id = recipient.delivery_id
left join org.user_version as version
  on version.tenant_id = %(tenant_id)s
 and version.user_id = recipient.user_id
 and version.valid_to is null
where recipient.delivery_id = any (%(delivery_ids)s)
  and (recipient.is_named or delivery.people <= %(most_unnamed)s)
order by
    recipient.delivery_id,
    recipient.user_id
