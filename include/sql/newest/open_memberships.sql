-- Writes what holds of memberships from a snapshot on that is later than all of history.
-- %(plan_id)s: a planned plan whose ended versions are closed. Run twice it fails on the key.

insert into org.membership_version (
    tenant_id,
    user_id,
    department_id,
    is_main,
    is_leader,
    sort_order,
    title,
    attributes,
    content_hash,
    valid_from,
    valid_to,
    snapshot_id
)
select
    plan.tenant_id,
    next.user_id,
    next.department_id,
    next.is_main,
    next.is_leader,
    next.sort_order,
    next.title,
    next.attributes,
    md5(row(
        next.is_main,
        next.is_leader,
        next.sort_order,
        next.title,
        next.attributes
    )::stage.membership_content::text),
    plan.taken_at,
    null,
    plan.snapshot_id
from stage.list_next_memberships(%(plan_id)s) as next
join ops.plan on plan.plan_id = next.plan_id
