-- What a plan (plan_id) of a tenant (tenant_id) left out, by rule and key: so many findings (most), of one rule (rule) or of all if null, after one
-- (after_rule, after_entity, after_user, after_department, after_column), or from the first if after_rule is null. A key that is missing is
-- empty; name is what the person or department was last called, null for who was never good; first_at is when it was first found.
with page as (
    select
        quarantine.rule,
        quarantine.entity,
        coalesce(quarantine.user_id, '') as user_id,
        coalesce(quarantine.department_id, '') as department_id,
        coalesce(quarantine.column_name, '') as column_name,
        string_agg(distinct quarantine.reason, '; ' order by quarantine.reason) as reason,
        min(quarantine.created_at) as created_at
    from ops.quarantine
    where quarantine.plan_id = %(plan_id)s
      and (%(rule)s::text is null or quarantine.rule = %(rule)s)
      and (
        %(after_rule)s::text is null
        or (
            quarantine.rule,
            quarantine.entity,
            coalesce(quarantine.user_id, ''),
            coalesce(quarantine.department_id, ''),
            coalesce(quarantine.column_name, '')
        ) > (%(after_rule)s, %(after_entity)s, %(after_user)s, %(after_department)s, %(after_column)s)
      )
    group by
        quarantine.rule,
        quarantine.entity,
        coalesce(quarantine.user_id, ''),
        coalesce(quarantine.department_id, ''),
        coalesce(quarantine.column_name, '')
    order by
        quarantine.rule,
        quarantine.entity,
        coalesce(quarantine.user_id, ''),
        coalesce(quarantine.department_id, ''),
        coalesce(quarantine.column_name, '')
    limit %(most)s
)
select
    page.rule,
    page.entity,
    page.user_id,
    page.department_id,
    page.column_name,
    page.reason,
    (
        select version.name
        from org.user_history as version
        where version.tenant_id = %(tenant_id)s
          and version.user_id = page.user_id
        order by version.valid_from desc
        limit 1
    ) as user_name,
    (
        select version.name
        from org.department_history as version
        where version.tenant_id = %(tenant_id)s
          and version.department_id = page.department_id
        order by version.valid_from desc
        limit 1
    ) as department_name,
    coalesce(
        -- By the key of each entity, and ordered by the part of it that is null, as the index is: so it is left at the first that fits.
        case page.entity
            when 'user' then (
                select earlier.created_at
                from ops.quarantine as earlier
                where earlier.tenant_id = %(tenant_id)s
                  and earlier.entity = 'user'
                  and earlier.user_id = page.user_id
                  and earlier.department_id is null
                  and earlier.rule = page.rule
                order by
                    earlier.department_id,
                    earlier.created_at
                limit 1
            )
            when 'department' then (
                select earlier.created_at
                from ops.quarantine as earlier
                where earlier.tenant_id = %(tenant_id)s
                  and earlier.entity = 'department'
                  and earlier.user_id is null
                  and earlier.department_id = page.department_id
                  and earlier.rule = page.rule
                order by
                    earlier.user_id,
                    earlier.created_at
                limit 1
            )
            when 'membership' then (
                select earlier.created_at
                from ops.quarantine as earlier
                where earlier.tenant_id = %(tenant_id)s
                  and earlier.entity = 'membership'
                  and earlier.user_id = page.user_id
                  and earlier.department_id = page.department_id
                  and earlier.rule = page.rule
                order by earlier.created_at
                limit 1
            )
        end,
        page.created_at
    ) as first_at
from page
order by
    page.rule,
    page.entity,
    page.user_id,
    page.department_id,
    page.column_name
