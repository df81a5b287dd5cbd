-- The departments that hang at some others (opened; and at the first top, if opens_first), and the tops, of a tenant (tenant_id) at an instant
-- (at); with those that did at an earlier one (compare, or null), so many (most) at each. fate: came, went, moved (from elsewhere), moved_out,
-- renamed, or null.
with top as materialized (
    select
        version.department_id,
        version.name,
        version.sort_order,
        '' as place
    from org.department_history as version
    where version.tenant_id = %(tenant_id)s
      and version.valid_from <= %(at)s::timestamptz
      and (version.valid_to is null or version.valid_to > %(at)s::timestamptz)
      and not exists (
        select from org.department_history as above
        where above.tenant_id = %(tenant_id)s
          and above.department_id = version.parent_id
          and above.valid_from <= %(at)s::timestamptz
          and (above.valid_to is null or above.valid_to > %(at)s::timestamptz)
      )
),
opened (department_id) as (
    select unnest(%(opened)s::text[])
    union
    (
        select top.department_id
        from top
        where %(opens_first)s
        order by
            top.sort_order nulls last,
            top.name,
            top.department_id
        limit 1
    )
),
after as (
    select
        version.department_id,
        version.name,
        version.sort_order,
        version.parent_id as place
    from opened
    join org.department_history as version
      on version.tenant_id = %(tenant_id)s
     and version.parent_id = opened.department_id
    where version.valid_from <= %(at)s::timestamptz
      and (version.valid_to is null or version.valid_to > %(at)s::timestamptz)
      and exists (
        select from org.department_history as above
        where above.tenant_id = %(tenant_id)s
          and above.department_id = opened.department_id
          and above.valid_from <= %(at)s::timestamptz
          and (above.valid_to is null or above.valid_to > %(at)s::timestamptz)
      )

    union all

    select top.*
    from top
),
before as (
    select
        version.department_id,
        version.name,
        version.sort_order,
        version.parent_id as place
    from opened
    join org.department_history as version
      on version.tenant_id = %(tenant_id)s
     and version.parent_id = opened.department_id
    where version.valid_from <= %(compare)s::timestamptz
      and (version.valid_to is null or version.valid_to > %(compare)s::timestamptz)
      and exists (
        select from org.department_history as above
        where above.tenant_id = %(tenant_id)s
          and above.department_id = opened.department_id
          and above.valid_from <= %(compare)s::timestamptz
          and (above.valid_to is null or above.valid_to > %(compare)s::timestamptz)
      )

    union all

    select
        version.department_id,
        version.name,
        version.sort_order,
        ''
    from org.department_history as version
    where version.tenant_id = %(tenant_id)s
      and version.valid_from <= %(compare)s::timestamptz
      and (version.valid_to is null or version.valid_to > %(compare)s::timestamptz)
      and not exists (
        select from org.department_history as above
        where above.tenant_id = %(tenant_id)s
          and above.department_id = version.parent_id
          and above.valid_from <= %(compare)s::timestamptz
          and (above.valid_to is null or above.valid_to > %(compare)s::timestamptz)
      )
),
shown as (
    select
        after.*,
        true as is_after
    from after

    union all

    -- What hung here then and does not any more.
    select
        before.*,
        false
    from before
    where not exists (
        select from after
        where after.department_id = before.department_id
          and after.place = before.place
    )
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
    case
        when %(compare)s::timestamptz is null then null
        when not placed.is_after and other.department_id is null then 'went'
        when not placed.is_after then 'moved_out'
        when other.department_id is null then 'came'
        when other.place <> placed.place then 'moved'
        when other.name <> placed.name then 'renamed'
    end as fate,
    other.name as other_name,
    placed.siblings,
    (placed.is_after or other.department_id is null) and child.is_there is not null as has_children,
    coalesce(heads.own, 0) as own,
    coalesce(heads.total, 0) as total,
    case when %(compare)s::timestamptz is not null then coalesce(heads.difference, 0) end as difference
from placed
-- The same department at the other of the two instants. A limit keeps this a look into an index for each department that is shown.
left join lateral (
    select
        version.department_id,
        version.name,
        coalesce(
            (
                select above.department_id
                from org.department_history as above
                where above.tenant_id = %(tenant_id)s
                  and above.department_id = version.parent_id
                  and above.valid_from <= %(compare)s::timestamptz
                  and (above.valid_to is null or above.valid_to > %(compare)s::timestamptz)
                limit 1
            ),
            ''
        ) as place
    from org.department_history as version
    where version.tenant_id = %(tenant_id)s
      and version.department_id = placed.department_id
      and version.valid_from <= case when placed.is_after then %(compare)s::timestamptz else %(at)s::timestamptz end
      and (version.valid_to is null or version.valid_to > case when placed.is_after then %(compare)s::timestamptz else %(at)s::timestamptz end)
    limit 1
) as other on true
left join lateral (
    select true as is_there
    from org.department_history as child
    where child.tenant_id = %(tenant_id)s
      and child.parent_id = placed.department_id
      and (
        (child.valid_from <= %(at)s::timestamptz and (child.valid_to is null or child.valid_to > %(at)s::timestamptz))
        or (child.valid_from <= %(compare)s::timestamptz and (child.valid_to is null or child.valid_to > %(compare)s::timestamptz))
      )
    limit 1
) as child on true
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
