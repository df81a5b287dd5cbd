-- A person (user_id) of a tenant (tenant_id) as they were at an instant (at), or when they were last there before it, or else first after it.
-- left_at: since when they are gone, if they were then; comes_at: since when they are there, if they were not yet; seen_at: in both cases when
-- they were as it says here.
select
    person.user_id,
    person.union_id,
    person.open_id,
    person.name,
    person.name_en,
    person.nickname,
    person.mobile,
    person.email,
    person.work_email,
    person.telephone,
    person.gender,
    person.title,
    person.job_number,
    person.work_place,
    person.employee_type,
    person.hired_on,
    person.status,
    person.is_admin,
    person.manager_user_id,
    person.main_department_id,
    case when person.valid_to <= %(at)s::timestamptz then person.valid_to end as left_at,
    case when person.valid_from > %(at)s::timestamptz then person.valid_from end as comes_at,
    case
        when person.valid_to <= %(at)s::timestamptz then person.valid_to - interval '1 microsecond'
        when person.valid_from > %(at)s::timestamptz then person.valid_from
    end as seen_at
from (
    (
        select version.*
        from org.user_history as version
        where version.tenant_id = %(tenant_id)s
          and version.user_id = %(user_id)s
          and version.valid_from <= %(at)s::timestamptz
        order by version.valid_from desc
        limit 1
    )
    union all
    (
        select version.*
        from org.user_history as version
        where version.tenant_id = %(tenant_id)s
          and version.user_id = %(user_id)s
          and version.valid_from > %(at)s::timestamptz
        order by version.valid_from
        limit 1
    )
) as person
order by person.valid_from
limit 1
