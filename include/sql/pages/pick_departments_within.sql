-- Of some departments (ids) of a tenant (tenant_id) those that at one of two moments (compare, and at) were one (department_id) or below it, as it was
-- at that moment.
select wanted.id
from unnest(%(ids)s::text[]) as wanted (id)
where exists (
    with recursive way (department_id, instant) as (
        select
            wanted.id,
            moment.instant
        from (values (%(at)s::timestamptz), (%(compare)s::timestamptz)) as moment (instant)
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
