-- Of some people (ids) of a tenant (tenant_id) those who at one of two moments (compare, and at) were in a department (department_id) or below it, as it
-- was at that moment: in one of some (below_before, below) if is_known.
select wanted.id
from unnest(%(ids)s::text[]) as wanted (id)
where case when %(is_known)s
    then exists (
        select from org.membership_history as membership
        where membership.tenant_id = %(tenant_id)s
          and membership.user_id = wanted.id
          and membership.valid_from <= %(at)s::timestamptz
          -- Not through an index, for which the ids would be sorted for each person.
          and (
            (
                (membership.valid_to is null or membership.valid_to > %(at)s::timestamptz)
                and membership.department_id collate "C" = any (%(below)s::text[])
            )
            or (
                membership.valid_from <= %(compare)s::timestamptz
                and (membership.valid_to is null or membership.valid_to > %(compare)s::timestamptz)
                and membership.department_id collate "C" = any (%(below_before)s::text[])
            )
          )
    )
    else exists (
        with recursive way (department_id, instant) as (
            select
                membership.department_id,
                moment.instant
            from org.membership_history as membership
            join (values (%(at)s::timestamptz), (%(compare)s::timestamptz)) as moment (instant)
              on membership.valid_from <= moment.instant
             and (membership.valid_to is null or membership.valid_to > moment.instant)
            where membership.tenant_id = %(tenant_id)s
              and membership.user_id = wanted.id
            union
            select
                department.parent_id,
                way.instant
            from way
            join org.department_history as department
              on department.tenant_id = %(tenant_id)s
             and department.department_id = way.department_id
             and department.valid_from <= way.instant
             and (department.valid_to is null or department.valid_to > way.instant)
        )
        select from way
        where way.department_id = %(department_id)s
    )
end
