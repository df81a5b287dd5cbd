"""The company that pages are measured over: written at once, it must be what syncing it would have left."""

from __future__ import annotations

from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection

from bench.company.building import Shape, write_company
from bench.world import TENANT

SHAPE = Shape(people=2_000, departments=200, snapshots=48)


@pytest.fixture
def company(warehouse_dsn: str) -> Connection:
    write_company(warehouse_dsn, SHAPE)
    return psycopg2.connect(warehouse_dsn)


def ask(connection: Connection, statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


@pytest.mark.parametrize("shape", [SHAPE, Shape(1_000_000, 30_000, 8_760)], ids=["small", "large"])
def test_each_department_has_one_number_and_hangs_at_the_level_above(shape: Shape) -> None:
    bands = sorted(shape.bands, key=lambda band: band["first"])
    assert [band["first"] for band in bands] == [1, *(band["last"] + 1 for band in bands[:-1])]
    assert bands[-1]["last"] == shape.departments
    for band in bands[1:]:
        above = [each for each in bands if each["first"] <= band["parent_first"] <= band["parent_last"] <= each["last"]]
        assert [each["level"] for each in above] == [band["level"] - 1]


def test_what_was_written_agrees_with_itself(company: Connection) -> None:
    """One long story, for writing it takes some seconds."""
    try:
        assert ask(company, "select max(depth), count(*) from org.department_tree") == [(7, SHAPE.departments)]
        [(people, placed)] = ask(company, "select (select count(*) from org.users), (select count(distinct user_id) from org.memberships)")
        assert people == placed == SHAPE.people
        for entity in ("user", "department", "membership"):
            key = {"user": "user_id", "department": "department_id", "membership": "user_id, department_id"}[entity]
            overlaps = f"""
                select count(*)
                from (
                    select valid_to, lead(valid_from) over (partition by {key} order by valid_from) as next_from
                    from org.{entity}_version
                ) as version
                where valid_to is null and next_from is not null or valid_to > next_from
            """
            assert ask(company, overlaps) == [(0,)], entity
        assert ask(company, HEADS_THAT_DIFFER) == []
        assert ask(company, CHANGES_THAT_DIFFER) == []
        assert {row[0] for row in ask(company, "select distinct entity || ' ' || kind from org.change")} >= {
            *("user joined", "user left", "user moved", "user returned", "user renamed", "user updated"),
            *("department created", "department removed", "department renamed"),
        }
        assert ask(company, "select count(*) from ops.plan where state = 'planned' and over_budget <> '[]'") == [(1,)]
        [(messages, everybody)] = ask(company, RECIPIENTS)
        assert (messages, everybody) == (100, SHAPE.people)
    finally:
        company.close()


def test_everybody_is_found_by_name(company: Connection) -> None:
    assert ask(company, PEOPLE_NOBODY_FINDS) == [(0,)]
    company.close()


RECIPIENTS = """
    select
        count(*),
        max(people)
    from (select count(*) as people from notify.recipient group by message_id) as message
"""
PEOPLE_NOBODY_FINDS = """
    select count(*)
    from org.users as person
    where not exists (
        select from org.search_key as key
        where key.tenant_id = person.tenant_id
          and key.kind = 'name'
          and key.value = person.name
    )
"""
HEADS_THAT_DIFFER = """
    select
        department_id,
        heads.own,
        members.own
    from (select department_id, sum(own) as own from org.headcount_change where department_id <> '' group by department_id) as heads
    full join (select department_id, count(*) as own from org.memberships group by department_id) as members using (department_id)
    where coalesce(heads.own, 0) <> coalesce(members.own, 0)
"""
CHANGES_THAT_DIFFER = f"""
    with told as (
        select
            changed_at as at,
            entity,
            kind,
            coalesce(user_id, department_id) as id,
            column_name,
            value_from,
            value_to
        from org.change
        where tenant_id = '{TENANT}'
    ),
    planned as (
        select
            plan.taken_at as at,
            line.entity,
            line.kind,
            coalesce(line.user_id, line.department_id) as id,
            line.column_name,
            line.value_from,
            line.value_to
        from ops.plan_change as line
        join ops.plan using (plan_id)
        where plan.state = 'applied'
    )
    (select * from told except select * from planned)
    union all
    (select * from planned except select * from told)
"""
