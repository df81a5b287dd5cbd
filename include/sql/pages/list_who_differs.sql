-- Who was there at one moment of a tenant (tenant_id, compare) and is not at a later one (at), or reads otherwise then (kinds: went, renamed, titled,
-- updated), those first whose state of then ended first: what is found among so many versions (most) after a place in that order (place_at, place_id),
-- and whether it is the last that was looked at. Of some people only if is_of_few (people). Personal columns are not looked at.
with scanned as (
    (
        select
            version.valid_to as changed_at,
            version.user_id,
            version.valid_from,
            version.name,
            version.title,
            row(
                version.union_id, version.open_id, version.name_en, version.nickname, version.gender, version.avatar_url, version.job_number,
                version.work_place, version.employee_type, version.hired_on, version.status, version.is_admin, version.manager_user_id,
                version.main_department_id
            ) as others
        from org.user_history as version
        where not %(is_of_few)s
          and version.tenant_id = %(tenant_id)s
          and version.valid_to is not null
          and version.valid_to > %(compare)s::timestamptz
          and version.valid_to <= %(at)s::timestamptz
          and (version.valid_to, version.user_id) > (%(place_at)s::timestamptz, %(place_id)s::text)
        order by
            version.valid_to,
            version.user_id
        limit %(most)s
    )

    union all

    -- Each by the id: along the index of time one would come past everybody.
    (
        select
            boundary.changed_at,
            few.user_id,
            boundary.valid_from,
            boundary.name,
            boundary.title,
            boundary.others
        from unnest(%(people)s::text[]) as few (user_id)
        cross join lateral (
            select
                version.valid_to as changed_at,
                version.valid_from,
                version.name,
                version.title,
                row(
                    version.union_id, version.open_id, version.name_en, version.nickname, version.gender, version.avatar_url, version.job_number,
                    version.work_place, version.employee_type, version.hired_on, version.status, version.is_admin, version.manager_user_id,
                    version.main_department_id
                ) as others
            from org.user_history as version
            where version.tenant_id = %(tenant_id)s
              and version.user_id = few.user_id
            offset 0
        ) as boundary
        where %(is_of_few)s
          and boundary.changed_at > %(compare)s::timestamptz
          and boundary.changed_at <= %(at)s::timestamptz
          and (boundary.changed_at, few.user_id) > (%(place_at)s::timestamptz, %(place_id)s::text)
        order by
            boundary.changed_at,
            few.user_id
        limit %(most)s
    )
),
numbered as (
    select
        scanned.*,
        row_number() over (order by scanned.changed_at, scanned.user_id) as number
    from scanned
),
compared as (
    select
        numbered.changed_at,
        numbered.user_id,
        numbered.number,
        case
            when numbered.valid_from > %(compare)s::timestamptz then '{}'
            when after.user_id is null then array['went']
            else array_remove(array[
                case when after.name is distinct from numbered.name then 'renamed' end,
                case when after.title is distinct from numbered.title then 'titled' end,
                case when after.others is distinct from numbered.others then 'updated' end
            ], null)
        end as kinds
    from numbered
    left join lateral (
        select
            version.user_id,
            version.name,
            version.title,
            row(
                version.union_id, version.open_id, version.name_en, version.nickname, version.gender, version.avatar_url, version.job_number,
                version.work_place, version.employee_type, version.hired_on, version.status, version.is_admin, version.manager_user_id,
                version.main_department_id
            ) as others
        from org.user_history as version
        where numbered.valid_from <= %(compare)s::timestamptz
          and version.tenant_id = %(tenant_id)s
          and version.user_id = numbered.user_id
          and version.valid_from <= %(at)s::timestamptz
          and (version.valid_to is null or version.valid_to > %(at)s::timestamptz)
        limit 1
    ) as after on true
)
select
    compared.changed_at,
    compared.user_id as id,
    compared.kinds,
    compared.number = %(most)s as is_last
from compared
where cardinality(compared.kinds) > 0
   or compared.number = %(most)s
order by compared.number
