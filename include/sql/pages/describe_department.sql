-- A department (department_id) of a tenant (tenant_id) as it was at an instant (at), or when it was last there before that, or else first after
-- it. gone_at: since when it is gone, if it was then; comes_at: since when it is there, if it was not yet.
select
    department.department_id,
    department.parent_id,
    department.name,
    department.name_en,
    department.is_hidden,
    department.source_identifier,
    coalesce(department.leader_user_ids, '{}') as leader_user_ids,
    case when department.valid_to <= %(at)s::timestamptz then department.valid_to end as gone_at,
    case when department.valid_from > %(at)s::timestamptz then department.valid_from end as comes_at
from (
    (
        select version.*
        from org.department_history as version
        where version.tenant_id = %(tenant_id)s
          and version.department_id = %(department_id)s
          and version.valid_from <= %(at)s::timestamptz
        order by version.valid_from desc
        limit 1
    )
    union all
    (
        select version.*
        from org.department_history as version
        where version.tenant_id = %(tenant_id)s
          and version.department_id = %(department_id)s
          and version.valid_from > %(at)s::timestamptz
        order by version.valid_from
        limit 1
    )
) as department
order by department.valid_from
limit 1
