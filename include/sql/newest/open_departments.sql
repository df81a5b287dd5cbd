-- Writes what holds of departments from a snapshot on that is later than all of history.
-- %(plan_id)s: a planned plan whose ended versions are closed. Run twice it fails on the key.

insert into org.department_version (
    tenant_id,
    department_id,
    parent_id,
    name,
    name_en,
    sort_order,
    is_hidden,
    source_identifier,
    leader_user_ids,
    attributes,
    content_hash,
    valid_from,
    valid_to,
    snapshot_id
)
select
    plan.tenant_id,
    next.department_id,
    next.parent_id,
    next.name,
    next.name_en,
    next.sort_order,
    next.is_hidden,
    next.source_identifier,
    next.leader_user_ids,
    next.attributes,
    md5(row(
        next.parent_id,
        next.name,
        next.name_en,
        next.sort_order,
        next.is_hidden,
        next.source_identifier,
        next.leader_user_ids,
        next.attributes
    )::stage.department_content::text),
    plan.taken_at,
    null,
    plan.snapshot_id
from stage.list_next_departments(%(plan_id)s) as next
join ops.plan on plan.plan_id = next.plan_id
