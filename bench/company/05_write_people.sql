-- The versions of people: a new one where the title, the name, the department or the manager is another, or they come back.
insert into org.user_version (
    tenant_id, user_id, union_id, open_id, name, mobile, email, work_email, gender, avatar_url, title, job_number, work_place, employee_type,
    hired_on, status, is_admin, manager_user_id, main_department_id, attributes, content_hash, valid_from, valid_to, snapshot_id
)
select
    %(tenant_id)s,
    person.user_id,
    'on_' || md5('union ' || person.number),
    'ou_' || md5('open ' || person.number),
    case when stretch.from_place >= person.renamed_at then '新' || person.name else person.name end,
    '+86130' || lpad(person.number::text, 8, '0'),
    case when person.number %% 2 = 0 then 'user' || person.number || '@example.com' end,
    'user' || person.number || '@corp.example.com',
    case when person.number %% 2 = 0 then 'male' else 'female' end,
    'https://s1.example.com/static-resource/v1/' || md5('avatar ' || person.number) || '~?image_size=noop&quality=&sticker_format=.webp',
    case when stretch.from_place >= person.titled_at then person.title_after else person.title end,
    'A' || lpad(person.number::text, 7, '0'),
    (%(places)s)[1 + person.number %% cardinality(%(places)s)],
    '1',
    date '2010-01-01' + (person.number %% 5500)::integer,
    case when bench.chance(person.number, 40) < 0.01 then 'inactive' else 'active' end,
    false,
    case
        when person.part = 'leader' then parent_leader.user_id
        else leader.user_id
    end,
    department.department_id,
    '{"country": "CN", "employee_no_known": true}',
    md5(person.number || ' ' || stretch.from_place),
    begun.taken_at,
    ended.taken_at,
    snapshot.snapshot_id
from bench.person
cross join lateral (
    select
        step.place as from_place,
        coalesce(
            lead(step.place) over (order by step.place),
            person.ends
        ) as to_place,
        step.is_gap
    from (
        select distinct on (place) place, is_gap
        from (
            values
                (person.starts, false),
                (person.titled_at, false),
                (person.renamed_at, false),
                (person.moved_at, false),
                (person.away_from, true),
                (person.away_to, false)
        ) as each (place, is_gap)
        where place is not null
        order by place, is_gap
    ) as step
) as stretch
join bench.department on department.number = case when stretch.from_place >= person.moved_at then person.home_after else person.home end
left join bench.person as leader on leader.number = case when department.number <= %(departments)s then department.number else department.parent end
left join bench.person as parent_leader on parent_leader.number = department.parent
join bench.instant as begun on begun.place = stretch.from_place
left join bench.instant as ended on ended.place = stretch.to_place
join ops.snapshot on snapshot.tenant_id = %(tenant_id)s and snapshot.taken_at = begun.taken_at
where not stretch.is_gap
order by person.user_id;
