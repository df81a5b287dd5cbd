-- Some people (user_ids) of a tenant (tenant_id) as they were at an instant (at), or when they were last there before it (left_at is then when
-- they left); with every name they have had by then, and the departments they were in. Who came later is left out.
select
    person.user_id,
    person.name,
    person.title,
    person.job_number,
    person.status,
    person.main_department_id,
    person.valid_from,
    case when person.valid_to <= %(at)s::timestamptz then person.valid_to end as left_at,
    (
        select array_agg(distinct version.name)
        from org.user_history as version
        where version.tenant_id = %(tenant_id)s
          and version.user_id = person.user_id
          and version.valid_from <= %(at)s::timestamptz
    ) as names,
    coalesce((
        select array_agg(membership.department_id order by membership.is_main desc nulls last, membership.department_id)
        from org.membership_history as membership
        where membership.tenant_id = %(tenant_id)s
          and membership.user_id = person.user_id
          and case
                when person.valid_to <= %(at)s::timestamptz
                    then membership.valid_from < person.valid_to and (membership.valid_to is null or membership.valid_to >= person.valid_to)
                else membership.valid_from <= %(at)s::timestamptz and (membership.valid_to is null or membership.valid_to > %(at)s::timestamptz)
            end
    ), '{}') as department_ids
from unnest(%(user_ids)s::text[]) with ordinality as wanted (user_id, place)
cross join lateral (
    select
        version.user_id,
        version.name,
        version.title,
        version.job_number,
        version.status,
        version.main_department_id,
        version.valid_from,
        version.valid_to
    from org.user_history as version
    where version.tenant_id = %(tenant_id)s
      and version.user_id = wanted.user_id
      and version.valid_from <= %(at)s::timestamptz
    order by version.valid_from desc
    limit 1
) as person
order by wanted.place
