-- Writes the versions of memberships that a plan adds. snapshot_id is the snapshot taken when the version begins.
-- %(plan_id)s: a planned plan. Harmless when run again: a version that is there already is left as it is.

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
    timeline.key_1,
    timeline.key_2,
    content.is_main,
    content.is_leader,
    content.sort_order,
    content.title,
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
cross join lateral jsonb_populate_record(null::org.membership_version, timeline.content) as content
where timeline.plan_id = %(plan_id)s
  and timeline.entity = 'membership'
on conflict (tenant_id, user_id, department_id, valid_from) do nothing
