-- Which departments were there at one moment of a tenant (tenant_id, compare) and are not at a later one (at), or are elsewhere or called otherwise then
-- (kinds: went, moved, renamed), those first whose state of then ended first: what is found among so many versions (most) after a place in that order
-- (place_at, place_id), and whether it is the last that was looked at.
with scanned as (
    select
        version.valid_to as changed_at,
        version.department_id,
        version.valid_from,
        version.parent_id,
        version.name
    from org.department_history as version
    where version.tenant_id = %(tenant_id)s
      and version.valid_to is not null
      and version.valid_to > %(compare)s::timestamptz
      and version.valid_to <= %(at)s::timestamptz
      and (version.valid_to, version.department_id) > (%(place_at)s::timestamptz, %(place_id)s::text)
    order by
        version.valid_to,
        version.department_id
    limit %(most)s
),
numbered as (
    select
        scanned.*,
        row_number() over (order by scanned.changed_at, scanned.department_id) as number
    from scanned
),
compared as (
    select
        numbered.changed_at,
        numbered.department_id,
        numbered.number,
        case
            when numbered.valid_from > %(compare)s::timestamptz then '{}'
            when after.department_id is null then array['went']
            else array_remove(array[
                case when after.parent_id is distinct from numbered.parent_id then 'moved' end,
                case when after.name is distinct from numbered.name then 'renamed' end
            ], null)
        end as kinds
    from numbered
    left join lateral (
        select
            version.department_id,
            version.parent_id,
            version.name
        from org.department_history as version
        where numbered.valid_from <= %(compare)s::timestamptz
          and version.tenant_id = %(tenant_id)s
          and version.department_id = numbered.department_id
          and version.valid_from <= %(at)s::timestamptz
          and (version.valid_to is null or version.valid_to > %(at)s::timestamptz)
        limit 1
    ) as after on true
)
select
    compared.changed_at,
    compared.department_id as id,
    compared.kinds,
    compared.number = %(most)s as is_last
from compared
where cardinality(compared.kinds) > 0
   or compared.number = %(most)s
order by compared.number
