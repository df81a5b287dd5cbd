-- Writes the versions of departments that a plan adds. snapshot_id is the snapshot taken when the version begins.
-- %(plan_id)s: a planned plan. Harmless when run again: a version that is there already is left as it is.

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
    timeline.key_1,
    content.parent_id,
    content.name,
    content.name_en,
    content.sort_order,
    content.is_hidden,
    content.source_identifier,
    content.leader_user_ids,
    content.attributes,
    timeline.content_hash,
    timeline.valid_from,
    nullif(timeline.valid_to, 'infinity'),
    snapshot.snapshot_id
from stage.timeline
join ops.plan on plan.plan_id = timeline.plan_id
join ops.snapshot
  on snapshot.tenant_id = plan.tenant_id
 and snapshot.taken_at = timeline.valid_from
cross join lateral jsonb_populate_record(null::org.department_version, timeline.content) as content
where timeline.plan_id = %(plan_id)s
  and timeline.entity = 'department'
on conflict (tenant_id, department_id, valid_from) do nothing
