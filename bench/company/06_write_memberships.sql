-- Who is where: everybody in one department, some in a second one.
insert into org.membership_version (
    tenant_id, user_id, department_id, is_main, is_leader, sort_order, content_hash, valid_from, valid_to, snapshot_id
)
select
    %(tenant_id)s,
    person.user_id,
    department.department_id,
    stretch.is_main,
    person.part = 'leader' and stretch.is_main,
    case when person.number %% 3 > 0 then bench.draw(1000000, person.number, 50, 1) end,
    md5(person.number || ' ' || department.number || ' ' || stretch.from_place),
    begun.taken_at,
    ended.taken_at,
    snapshot.snapshot_id
from bench.person
cross join lateral (
    select
        being.from_place,
        being.to_place
    from (
        values
            (person.starts, coalesce(person.away_from, person.ends)),
            (person.away_to, person.ends)
    ) as being (from_place, to_place)
    where being.from_place is not null
) as being
cross join lateral (
    select person.home as department, true as is_main, being.from_place, coalesce(person.moved_at, being.to_place) as to_place
    union all
    select person.home_after, true, person.moved_at, being.to_place
    where person.moved_at is not null
    union all
    select person.second_home, false, being.from_place, being.to_place
    where person.second_home is not null
) as stretch
join bench.department on department.number = stretch.department
join bench.instant as begun on begun.place = stretch.from_place
left join bench.instant as ended on ended.place = stretch.to_place
join ops.snapshot on snapshot.tenant_id = %(tenant_id)s and snapshot.taken_at = begun.taken_at
order by
    person.user_id,
    department.department_id;
