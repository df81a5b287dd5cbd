-- Departments level by level; some were founded later, renamed or moved, some are gone. %(bands)s: the first and last number of each level and of
-- where its departments hang, as JSON; %(departments)s in all, and %(removed)s that are gone.
create table bench.department as
with band as (
    select
        level,
        first,
        last,
        parent_first,
        parent_last,
        is_wide
    from jsonb_to_recordset(%(bands)s::jsonb)
        as band (level integer, first bigint, last bigint, parent_first bigint, parent_last bigint, is_wide boolean)
),
hung as (
    select
        number,
        band.level,
        band.is_wide,
        case when band.level > 1 then band.parent_first + bench.draw(band.parent_last - band.parent_first + 1, number, 1, 1.4) end as parent,
        case when band.level > 4 then band.parent_first + bench.draw(band.parent_last - band.parent_first + 1, number, 2, 1.4) end as other_parent,
        bench.chance(number, 3) as fate,
        4 * (1 + bench.draw(%(snapshots)s / 4, number, 4, 1)) as fate_place
    from band
    cross join lateral generate_series(band.first, band.last) as number
),
fated as (
    select
        hung.*,
        case
            when hung.level = 7 and hung.fate < 0.1 then 'founded'
            when hung.level in (4, 5, 6) and hung.fate < 0.012 then 'renamed'
            when hung.level in (5, 6, 7) and hung.fate > 0.99 and hung.parent <> hung.other_parent then 'moved'
        end as event,
        case
            when hung.level = 1 then '云杉科技有限公司'
            when hung.number %% 97 = 5 and hung.level > 4 then (%(odd_departments)s)[1 + hung.number %% cardinality(%(odd_departments)s)]
            when hung.is_wide then bench.pick(%(areas)s, hung.number, 5, 1) || '第' || hung.number || '门店'
            else
                case
                    when hung.level < 4 then bench.pick(%(centers)s, hung.number, 6, 1)
                    else bench.pick(%(areas)s, hung.number, 6, 1)
                end
                || bench.pick(%(areas)s, hung.number, 7, 1)
                || (array['公司', '事业群', '中心', '部', '室', '组', '小组'])[hung.level]
        end as name
    from hung
)
select
    number,
    level,
    case when number = 1 then '0' else 'od-' || md5('department ' || number) end as department_id,
    name,
    case when event = 'renamed' then name || '（新）' end as name_after,
    parent,
    case when event = 'moved' then other_parent end as parent_after,
    event,
    case when event is not null then fate_place end as event_place,
    case when event = 'founded' then fate_place else 0 end as starts,
    null::bigint as ends
from fated
union all
select
    number,
    6,
    'od-' || md5('department ' || number),
    '旧' || bench.pick(%(areas)s, number, 5, 1) || '组',
    null,
    %(removed_below)s + number %% 7,
    null,
    'removed',
    4 * (1 + bench.draw(%(snapshots)s / 4, number, 4, 1)),
    0,
    4 * (1 + bench.draw(%(snapshots)s / 4, number, 4, 1))
from generate_series(%(departments)s + 1, %(departments)s + %(removed)s) as number;
alter table bench.department add primary key (number);
create index on bench.department (department_id);

create table bench.department_path as
with recursive way as (
    select number, name as path from bench.department where parent is null
    union all
    select department.number, way.path || ' / ' || coalesce(department.name_after, department.name)
    from way
    join bench.department on coalesce(department.parent_after, department.parent) = way.number
)
select number, path from way;
alter table bench.department_path add primary key (number);
analyze bench.department;

insert into org.department_version (
    tenant_id, department_id, parent_id, name, sort_order, is_hidden, leader_user_ids, attributes, content_hash, valid_from, valid_to, snapshot_id
)
select
    %(tenant_id)s,
    department.department_id,
    parent.department_id,
    stretch.name,
    case when bench.chance(department.number, 8) < 0.6 then department.number end,
    false,
    case when department.number <= %(departments)s then array[bench.user_id(department.number)] end,
    '{}',
    md5(department.number || ' ' || stretch.from_place),
    begun.taken_at,
    ended.taken_at,
    begun_snapshot.snapshot_id
from bench.department
cross join lateral (
    select department.starts as from_place, coalesce(case when department.event <> 'founded' then department.event_place end, department.ends) as to_place,
        department.name, department.parent
    union all
    select department.event_place, department.ends, coalesce(department.name_after, department.name), coalesce(department.parent_after, department.parent)
    where department.event in ('renamed', 'moved')
) as stretch
left join bench.department as parent on parent.number = stretch.parent
join bench.instant as begun on begun.place = stretch.from_place
left join bench.instant as ended on ended.place = stretch.to_place
join ops.snapshot as begun_snapshot on begun_snapshot.tenant_id = %(tenant_id)s and begun_snapshot.taken_at = begun.taken_at;
