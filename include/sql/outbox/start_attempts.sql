-- Writes down, before they are made, the calls (claims: delivery_id, work, calls, could_repeat, lease_until) that a worker (claimed_by)
-- has until its lease ends, and gives an attempt_id for each. Runs once, in the transaction that found them.
with claim as materialized (
    select
        nextval('notify.attempt_attempt_id_seq') as attempt_id,
        delivery_id,
        work,
        calls,
        could_repeat,
        lease_until
    from jsonb_to_recordset(%(claims)s) as claim (
        delivery_id bigint, work text, calls integer, could_repeat boolean, lease_until timestamptz
    )
), claimed as (
    update notify.delivery
    set state = case when claim.work in ('recall', 'results') then delivery.state else 'calling' end,
        reason = case when claim.work in ('recall', 'results') then delivery.reason end,
        attempts = delivery.attempts + case when claim.work in ('recall', 'results') then 0 else 1 end,
        first_called_at = coalesce(delivery.first_called_at, %(now)s),
        claimed_by = %(claimed_by)s,
        lease_until = claim.lease_until,
        lease_attempt_id = claim.attempt_id
    from claim
    where delivery.delivery_id = claim.delivery_id
    returning
        claim.attempt_id,
        delivery.delivery_id,
        delivery.tenant_id,
        claim.work,
        case when claim.work = 'send' then delivery.people else 0 end as people,
        claim.work = 'send' and delivery.to_all as to_all,
        claim.calls,
        claim.could_repeat
)
insert into notify.attempt (
    attempt_id,
    tenant_id,
    delivery_id,
    action,
    people,
    to_all,
    calls,
    could_repeat,
    claimed_by,
    started_at
)
select
    attempt_id,
    tenant_id,
    delivery_id,
    work,
    people,
    to_all,
    calls,
    could_repeat,
    %(claimed_by)s,
    %(now)s
from claimed
order by attempt_id
returning
    attempt_id,
    delivery_id
