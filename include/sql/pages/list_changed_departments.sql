-- Of which departments something changed in a tenant (tenant_id), the newest first: what lies after a place in that order (before_at, before_id) and not
-- before an instant (since), as far as so many versions (most) of each sort reach, and whether this is the last that was looked at. kind is a kind of
-- org.change or null for all: for 'updated' some may be moved or renamed only. Only if is_within of a department
-- (department_id) and what was below it at an instant (seen_at): some (below) if is_known.
with scanned as (
    (
        select
            'began' as sort,
            version.valid_from as changed_at,
            version.department_id,
            null as parent_id,
            null as name
        from org.department_history as version
        where (%(kind)s::text is null or %(kind)s::text in ('created', 'returned'))
          and version.tenant_id = %(tenant_id)s
          and version.valid_from >= %(since)s::timestamptz
          and (version.valid_from, version.department_id) < (%(before_at)s::timestamptz, %(before_id)s::text)
        order by
            version.valid_from desc,
            version.department_id desc
        fetch first %(most)s rows with ties
    )

    union all

    (
        select
            'ended' as sort,
            version.valid_to as changed_at,
            version.department_id,
            version.parent_id,
            version.name
        from org.department_history as version
        where (%(kind)s::text is null or %(kind)s::text in ('removed', 'moved', 'renamed', 'updated'))
          and version.tenant_id = %(tenant_id)s
          and version.valid_to is not null
          and version.valid_to >= %(since)s::timestamptz
          and (version.valid_to, version.department_id) < (%(before_at)s::timestamptz, %(before_id)s::text)
        order by
            version.valid_to desc,
            version.department_id desc
        fetch first %(most)s rows with ties
    )
),
placed as (
    select
        scanned.*,
        dense_rank() over (order by scanned.changed_at desc, scanned.department_id desc) as place,
        count(*) over (partition by scanned.sort) as size
    from scanned
),
-- A sort of which there is more is known as far as its last row.
bounded as (
    select
        placed.*,
        (select min(ends.place) from (select max(place) as place from placed where size >= %(most)s group by sort) as ends) as last_place
    from placed
),
judged as (
    select
        bounded.changed_at,
        bounded.department_id as id,
        bounded.place,
        coalesce(bounded.place = bounded.last_place, false) as is_last,
        case bounded.sort
            when 'began' then case %(kind)s::text
                when 'created' then before.touches is null
                when 'returned' then before.touches is false
                else true
            end
            else case %(kind)s::text
                when 'moved' then later.department_id is not null and later.parent_id is distinct from bounded.parent_id
                when 'renamed' then later.department_id is not null and later.name is distinct from bounded.name
                when 'updated' then later.department_id is not null
                else later.department_id is null
            end
        end and (not %(is_within)s or case when %(is_known)s
            then bounded.department_id collate "C" = any (%(below)s::text[])
            else exists (
                with recursive way (department_id) as (
                    select bounded.department_id
                    union
                    select department.parent_id
                    from way
                    join org.department_history as department
                      on department.tenant_id = %(tenant_id)s
                     and department.department_id = way.department_id
                     and department.valid_from <= %(seen_at)s::timestamptz
                     and (department.valid_to is null or department.valid_to > %(seen_at)s::timestamptz)
                )
                select from way
                where way.department_id = %(department_id)s
            )
        end) as is_wanted
    from bounded
    left join lateral (
        select earlier.valid_to = bounded.changed_at as touches
        from org.department_history as earlier
        where bounded.sort = 'began'
          and %(kind)s::text is not null
          and earlier.tenant_id = %(tenant_id)s
          and earlier.department_id = bounded.department_id
          and earlier.valid_from < bounded.changed_at
        order by earlier.valid_from desc
        limit 1
    ) as before on true
    left join lateral (
        select
            version.department_id,
            version.parent_id,
            version.name
        from org.department_history as version
        where bounded.sort = 'ended'
          and version.tenant_id = %(tenant_id)s
          and version.department_id = bounded.department_id
          and version.valid_from = bounded.changed_at
        limit 1
    ) as later on true
    where bounded.place <= coalesce(bounded.last_place, bounded.place)
)
select
    judged.changed_at,
    judged.id,
    judged.is_wanted,
    judged.is_last
from judged
where judged.is_wanted
   or judged.is_last
order by judged.place
