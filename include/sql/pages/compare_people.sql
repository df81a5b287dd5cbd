-- Some people (ids) of a tenant (tenant_id) as they were at two moments (compare, and at): a row for each at which somebody was there, with the
-- departments they were in then.
select
    wanted.id,
    moment.is_after,
    version.name,
    version.title,
    version.union_id,
    version.open_id,
    version.name_en,
    version.nickname,
    version.gender,
    version.avatar_url,
    version.job_number,
    version.work_place,
    version.employee_type,
    version.hired_on::text as hired_on,
    version.status,
    version.is_admin,
    version.manager_user_id,
    version.main_department_id,
    (
        select coalesce(array_agg(membership.department_id order by membership.is_main desc nulls last, membership.department_id), '{}')
        from org.membership_history as membership
        where membership.tenant_id = %(tenant_id)s
          and membership.user_id = wanted.id
          and membership.valid_from <= moment.instant
          and (membership.valid_to is null or membership.valid_to > moment.instant)
    ) as department_ids
from unnest(%(ids)s::text[]) as wanted (id)
cross join (
    values
        (false, %(compare)s::timestamptz),
        (true, %(at)s::timestamptz)
) as moment (is_after, instant)
join org.user_history as version
  on version.tenant_id = %(tenant_id)s
 and version.user_id = wanted.id
 and version.valid_from <= moment.instant
 and (version.valid_to is null or version.valid_to > moment.instant)
