-- Writes the versions of users that a plan adds. snapshot_id is the snapshot taken when the version begins.
-- %(plan_id)s: a planned plan. Harmless when run again: a version that is there already is left as it is.

insert into org.user_version (
    tenant_id,
    user_id,
    union_id,
    open_id,
    name,
    name_en,
    nickname,
    mobile,
    email,
    work_email,
    telephone,
    gender,
    avatar_url,
    title,
    job_number,
    work_place,
    employee_type,
    hired_on,
    status,
    is_admin,
    manager_user_id,
    main_department_id,
    attributes,
    content_hash,
    valid_from,
    valid_to,
    snapshot_id
)
select
    plan.tenant_id,
    timeline.key_1,
    content.union_id,
    content.open_id,
    content.name,
    content.name_en,
    content.nickname,
    content.mobile,
    content.email,
    content.work_email,
    content.telephone,
    content.gender,
    content.avatar_url,
    content.title,
    content.job_number,
    content.work_place,
    content.employee_type,
    content.hired_on,
    content.status,
    content.is_admin,
    content.manager_user_id,
    content.main_department_id,
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
cross join lateral jsonb_populate_record(null::org.user_version, timeline.content) as content
where timeline.plan_id = %(plan_id)s
  and timeline.entity = 'user'
on conflict (tenant_id, user_id, valid_from) do nothing
