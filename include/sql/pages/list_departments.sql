-- The departments that hang at some others (opened), and the tops, of a tenant (tenant_id) at an instant (at); with those that did at an earlier
-- one (compare, or null), so many (most) at each. fate: came, went, moved (from elsewhere), moved_out, renamed, or null.
with places (parent_id) as (
    select unnest(%(opened)s::text[])
    union
    select ''
),
after as (
    select
        version.department_id,
        version.parent_id,
        version.name,
        version.sort_order,
        case
            when version.parent_id is null then ''
            when not exists (
                select from org.department_history as above
                where above.tenant_id = version.tenant_id
                  and above.department_id = version.parent_id
                  and above.valid_from <= %(at)s::timestamptz
                  and (above.valid_to is null or above.valid_to > %(at)s::timestamptz)
            ) then ''
            else version.parent_id
        end as place
    from org.department_history as version
    where version.tenant_id = %(tenant_id)s
      and version.valid_from <= %(at)s::timestamptz
      and (version.valid_to is null or version.valid_to > %(at)s::timestamptz)
),
before as (
    select
        version.department_id,
        version.parent_id,
        version.name,
        version.sort_order,
        case
            when version.parent_id is null then ''
            when not exists (
                select from org.department_history as above
                where above.tenant_id = version.tenant_id
                  and above.department_id = version.parent_id
                  and above.valid_from <= %(compare)s::timestamptz
                  and (above.valid_to is null or above.valid_to > %(compare)s::timestamptz)
            ) then ''
            else version.parent_id
        end as place
    from org.department_history as version
    where version.tenant_id = %(tenant_id)s
      and version.valid_from <= %(compare)s::timestamptz
      and (version.valid_to is null or version.valid_to > %(compare)s::timestamptz)
),
shown as (
    select
        after.department_id,
        after.name,
        after.sort_order,
        after.place,
        case
            when %(compare)s::timestamptz is null then null
            when before.department_id is null then 'came'
            when before.place <> after.place then 'moved'
            when before.name <> after.name then 'renamed'
        end as fate,
        before.name as other_name
    from after
    join places on places.parent_id = after.place
    left join before using (department_id)

    union all

    -- What hung here then and does not any more.
    select
        before.department_id,
        before.name,
        before.sort_order,
        before.place,
        case when after.department_id is null then 'went' else 'moved_out' end,
        after.name
    from before
    join places on places.parent_id = before.place
    left join after using (department_id)
    where after.place is distinct from before.place
),
placed as (
    select
        shown.*,
        row_number() over (
            partition by shown.place
            order by
                shown.sort_order nulls last,
                shown.name,
                shown.department_id
        ) as position,
        count(*) over (partition by shown.place) as siblings
    from shown
)
select
    placed.department_id,
    placed.name,
    placed.place,
    placed.fate,
    placed.other_name,
    placed.siblings,
    placed.fate is distinct from 'moved_out' and exists (
        select from org.department_history as child
        where child.tenant_id = %(tenant_id)s
          and child.parent_id = placed.department_id
          and (
            (child.valid_from <= %(at)s::timestamptz and (child.valid_to is null or child.valid_to > %(at)s::timestamptz))
            or (child.valid_from <= %(compare)s::timestamptz and (child.valid_to is null or child.valid_to > %(compare)s::timestamptz))
          )
    ) as has_children,
    coalesce(heads.own, 0) as own,
    coalesce(heads.total, 0) as total,
    case when %(compare)s::timestamptz is not null then coalesce(heads.difference, 0) end as difference
from placed
left join lateral (
    select
        sum(change.own) as own,
        sum(change.total) as total,
        sum(change.total) filter (where change.changed_at > %(compare)s::timestamptz) as difference
    from org.headcount_change as change
    where change.tenant_id = %(tenant_id)s
      and change.department_id = placed.department_id
      and change.changed_at <= %(at)s::timestamptz
) as heads on true
where placed.position <= %(most)s
order by
    placed.place,
    placed.position
