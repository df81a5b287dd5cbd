-- What a plan (%(plan_id)s, of a snapshot at %(taken_at)s) changes of what has a budget, and what that comes to with the changes since
-- %(since)s ({"leavers": an instant, …}; %(earliest)s is the earliest of them) that nobody approved. Each person and department counts once.
-- People who are known: whoever joins has no name before. Values that are withheld or not observed stay, so they are not emptied.
-- `total_then` is how many there were at the beginning; of what is emptied it is counted by column, elsewhere.
with remembered as (
    select
        memory.key as budget,
        memory.value::timestamptz as since
    from jsonb_each_text(%(since)s) as memory
),
happened as (
    select
        change.changed_at,
        change.entity,
        change.kind,
        coalesce(change.user_id, change.department_id) as key,
        change.column_name,
        change.value_from is not null as was_filled,
        change.value_to is not null as is_filled
    from org.change
    join ops.snapshot using (snapshot_id)
    where change.tenant_id = %(tenant_id)s
      and change.changed_at > %(earliest)s
      and change.changed_at < %(taken_at)s
      and snapshot.approved_budgets = '{}'

    union all

    select
        %(taken_at)s::timestamptz,
        entity,
        kind,
        coalesce(user_id, department_id),
        column_name,
        value_from is not null,
        value_to is not null
    from ops.plan_change
    where plan_id = %(plan_id)s
),
risk as (
    select
        happened.changed_at,
        happened.key,
        happened.column_name,
        case
            when entity = 'department' and kind = 'removed' then 'removed_departments'
            when entity = 'department' then null
            when kind = 'left' then 'leavers'
            when kind = 'moved' then 'moves'
            when kind not in ('renamed', 'updated') or not was_filled then null
            when not is_filled then 'emptied_values'
            when kind = 'renamed' then 'renames'
            when column_name in ('union_id', 'job_number') then 'changed_identities'
        end as budget
    from happened
),
counted as (
    select
        risk.budget,
        case risk.budget when 'emptied_values' then risk.column_name else '' end as column_name,
        remembered.since,
        count(distinct risk.key) filter (where risk.changed_at = %(taken_at)s) as count,
        count(distinct risk.key) as count_within
    from risk
    join remembered using (budget)
    where risk.changed_at = %(taken_at)s
       or risk.changed_at > remembered.since
    group by
        1,
        2,
        3
)
select
    counted.budget,
    counted.column_name,
    counted.since,
    counted.count,
    counted.count_within,
    case
        when counted.count_within = counted.count or counted.budget = 'emptied_values' then 0
        when counted.budget = 'removed_departments' then (
            select count(*)
            from org.department_version as version
            where version.tenant_id = %(tenant_id)s
              and version.valid_from <= counted.since
              and (version.valid_to is null or version.valid_to > counted.since)
        )
        else (
            select count(*)
            from org.user_version as version
            where version.tenant_id = %(tenant_id)s
              and version.valid_from <= counted.since
              and (version.valid_to is null or version.valid_to > counted.since)
        )
    end as total_then
from counted
where counted.count > 0
order by
    1,
    2
