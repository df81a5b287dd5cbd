-- Everybody who is or was there. The first %(departments)s lead a department each and stay; then come the %(crowd)s members of one large department
-- (%(crowded)s), and those of departments that are gone; of the others some joined later, some changed their title, name or department, some were
-- away for a while; the last %(left)s left. %(people)s are there at the end, or a few less.
create table bench.person as
with drawn as (
    select
        number,
        case
            when number <= %(departments)s then 'leader'
            when number <= %(departments)s + %(crowd)s then 'crowd'
            when number <= %(departments)s + %(crowd)s + 5 * %(removed)s then 'moved out'
            when number > %(people)s then 'gone'
            when bench.chance(number, 20) < 0.05 then 'joined'
            when bench.chance(number, 20) < 0.052 then 'away'
            else 'here'
        end as part,
        4 * (1 + bench.draw(%(snapshots)s / 4, number, 21, 1)) as place_1,
        4 * (1 + bench.draw(%(snapshots)s / 4, number, 22, 1)) as place_2,
        2 + bench.draw(%(departments)s - 1, number, 23, 0.8) as home_1,
        2 + bench.draw(%(departments)s - 1, number, 24, 0.8) as home_2
    from generate_series(1, %(people)s + %(left)s) as number
),
placed as (
    select
        drawn.*,
        case drawn.part
            when 'leader' then drawn.number
            when 'crowd' then %(crowded)s
            when 'moved out' then %(departments)s + 1 + drawn.number %% %(removed)s
            else case when home.event = 'founded' then home.parent else drawn.home_1 end
        end as home,
        case when other_home.event = 'founded' then other_home.parent else drawn.home_2 end as other_home
    from drawn
    join bench.department as home on home.number = drawn.home_1
    join bench.department as other_home on other_home.number = drawn.home_2
)
select
    placed.number,
    placed.part,
    bench.user_id(placed.number) as user_id,
    placed.home,
    case
        when placed.part = 'moved out' then department.parent
        when placed.part = 'here' and bench.chance(placed.number, 25) < 0.03 and placed.other_home <> placed.home then placed.other_home
    end as home_after,
    case
        when placed.part = 'moved out' then department.ends
        when placed.part = 'here' and bench.chance(placed.number, 25) < 0.03 and placed.other_home <> placed.home then placed.place_1
    end as moved_at,
    case when placed.part = 'here' and bench.chance(placed.number, 26) < 0.06 then placed.place_2 end as titled_at,
    case when placed.part = 'here' and bench.chance(placed.number, 27) < 0.002 then placed.place_2 end as renamed_at,
    case placed.part when 'joined' then placed.place_1 when 'leader' then department.starts else 0 end as starts,
    case when placed.part = 'gone' then placed.place_1 end as ends,
    case when placed.part = 'away' then least(placed.place_1, placed.place_2) end as away_from,
    case when placed.part = 'away' then greatest(placed.place_1, placed.place_2 + 4) end as away_to,
    case when bench.chance(placed.number, 28) < 0.05 then %(secondary_first)s + bench.draw(%(secondary_count)s, placed.number, 29, 1) end as second_home,
    case
        when placed.number %% 211 = 7 then (%(odd_names)s)[1 + placed.number %% cardinality(%(odd_names)s)]
        else bench.pick(%(surnames)s, placed.number, 30, 1.7)
            || bench.pick(%(givens)s, placed.number, 31, 1.3)
            || case when bench.chance(placed.number, 32) < 0.8 then bench.pick(%(givens)s, placed.number, 33, 1.3) else '' end
    end as name,
    bench.pick(%(titles)s, placed.number, 34, 1) as title,
    (%(titles)s)[1 + (bench.draw(cardinality(%(titles)s), placed.number, 34, 1) + 1) %% cardinality(%(titles)s)] as title_after
from placed
join bench.department on department.number = placed.home;
-- Nobody is twice in one department.
update bench.person set second_home = null where second_home in (home, home_after);
-- Whose absence would end after the last snapshot.
update bench.person set away_from = null, away_to = null where away_to > %(snapshots)s or away_from >= away_to;
alter table bench.person add primary key (number);
create index on bench.person (user_id);
analyze bench.person;
