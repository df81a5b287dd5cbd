-- The members of a department (department_id) of a tenant (tenant_id) at an instant (at), and those of an earlier one (compare, or null): so many
-- (most) after so many (skipped), leaders first. fate: came, went, or null.
with held as (
    select
        membership.user_id,
        membership.is_leader,
        membership.title,
        membership.sort_order,
        membership.valid_from <= %(at)s::timestamptz and (membership.valid_to is null or membership.valid_to > %(at)s::timestamptz) as is_after,
        membership.valid_from <= %(compare)s::timestamptz and (membership.valid_to is null or membership.valid_to > %(compare)s::timestamptz) as is_before
    from org.membership_history as membership
    where membership.tenant_id = %(tenant_id)s
      and membership.department_id = %(department_id)s
      and membership.valid_from <= %(at)s::timestamptz
),
members as (
    select
        held.user_id,
        bool_or(held.is_after) as is_after,
        bool_or(held.is_before) as is_before,
        (array_agg(held.is_leader order by held.is_after desc))[1] as is_leader,
        (array_agg(held.title order by held.is_after desc))[1] as title,
        (array_agg(held.sort_order order by held.is_after desc))[1] as sort_order
    from held
    where held.is_after
       or held.is_before
    group by held.user_id
),
counted as (
    select
        members.*,
        count(*) filter (where members.is_after) over () as member_count
    from members
    order by
        coalesce(members.is_leader, false) desc,
        members.sort_order nulls last,
        members.user_id
    limit %(most)s
    offset %(skipped)s
)
select
    counted.user_id,
    counted.member_count,
    coalesce(counted.is_leader, false) as is_leader,
    case
        when %(compare)s::timestamptz is null then null
        when not counted.is_after then 'went'
        when counted.is_before is not true then 'came'
    end as fate,
    person.name,
    coalesce(counted.title, person.title) as title,
    person.job_number,
    person.status
from counted
left join lateral (
    select
        version.name,
        version.title,
        version.job_number,
        version.status
    from org.user_history as version
    where version.tenant_id = %(tenant_id)s
      and version.user_id = counted.user_id
      and version.valid_from <= %(at)s::timestamptz
      and (counted.is_after is not true or version.valid_to is null or version.valid_to > %(at)s::timestamptz)
    order by version.valid_from desc
    limit 1
) as person on true
order by
    coalesce(counted.is_leader, false) desc,
    counted.sort_order nulls last,
    counted.user_id
