"""What reports ask: months of random histories, against a recount in Python; reporting lines of companies, against those of each person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg2.extensions import connection as Connection

from orgsync.pages.superiors import climb
from orgsync.warehouse.statements import execute, fetch_all
from tests.integration.test_history import TENANT, empty, examples

DEPARTMENTS = "abcde"
PEOPLE = ("anna", "bo", "chen", "dong", "eva")
OUTSIDE = "nobody"
"""An id of somebody, or of a department, that is not there."""
ZONES = ("UTC", "Asia/Shanghai", "America/New_York")
JANUARY = datetime(2026, 1, 1, tzinfo=UTC)
# Ends of months in one zone or another, and what lies beside them; a month passes in which nothing is read.
HOURS = (0, 24 * 20, 24 * 31 - 8, 24 * 31 - 1, 24 * 31, 24 * 31 + 5, 24 * 59 - 8, 24 * 59, 24 * 80, 24 * 121, 24 * 130)
HIRED = (None, date(2019, 5, 1), date(2020, 6, 1), date(2026, 1, 31), date(2026, 7, 1))

Place = tuple[str, str]


@dataclass(frozen=True)
class Department:
    name: str
    parent: str | None = None
    leaders: tuple[str, ...] = ()


@dataclass(frozen=True)
class Person:
    manager: str | None = None
    main: str | None = None
    hired_on: date | None = None


@dataclass(frozen=True)
class State:
    departments: Mapping[str, Department]
    people: Mapping[str, Person]
    members: Mapping[Place, bool | None] = field(default_factory=dict)
    """Who is in which department, and whether that is the main one."""

    def above(self, department: str) -> set[str]:
        """It and all above it, as far as they are there."""
        found = {department}
        while department in self.departments and (parent := self.departments[department].parent) in self.departments:
            if parent is None or parent in found:
                break
            found.add(parent)
            department = parent
        return found

    def own(self, department: str) -> set[str]:
        return {person for person, place in self.members if place == department}

    def total(self, department: str) -> set[str]:
        if department == "":
            return set(self.people)
        return {person for person, place in self.members if department in self.above(place)}


@dataclass(frozen=True)
class History:
    """States of a company, each from its instant on; the last still holds."""

    instants: Sequence[datetime]
    states: Sequence[State]

    def rows(self) -> Iterator[tuple[str, tuple[str, ...], Any, datetime, datetime | None]]:
        """Its versions: entity, key, content, from, to."""
        open_rows: dict[tuple[str, tuple[str, ...]], tuple[Any, datetime]] = {}
        for instant, state in zip(self.instants, self.states, strict=True):
            rows: dict[tuple[str, tuple[str, ...]], Any] = {("department", (key,)): value for key, value in state.departments.items()}
            rows |= {("user", (key,)): value for key, value in state.people.items()}
            rows |= {("membership", key): value for key, value in state.members.items()}
            for key in [key for key, (content, _) in open_rows.items() if key not in rows or rows[key] != content]:
                content, since = open_rows.pop(key)
                yield *key, content, since, instant
            open_rows |= {key: (content, instant) for key, content in rows.items() if key not in open_rows}
        for key, (content, since) in open_rows.items():
            yield *key, content, since, None


# Mostly of what is there, so that branches are deep and led at several places.
ids = st.sampled_from([*DEPARTMENTS, OUTSIDE])
people_ids = st.sampled_from([*PEOPLE, OUTSIDE])
managers = st.none() | st.none() | people_ids
departments = st.dictionaries(
    st.sampled_from(DEPARTMENTS),
    st.builds(
        Department,
        name=st.sampled_from(["old", "new"]),
        parent=ids | ids | st.none(),
        leaders=st.lists(people_ids, max_size=2).map(tuple),
    ),
    min_size=2,
)
people = st.dictionaries(
    st.sampled_from(PEOPLE),
    st.builds(Person, manager=managers, main=st.none() | ids, hired_on=st.sampled_from(HIRED)),
)


@st.composite
def states(draw: st.DrawFn, before: State | None = None) -> State:
    there = before.departments if before and draw(st.booleans()) else draw(departments)
    staff = before.people if before and draw(st.booleans()) else draw(people)
    places: dict[Place, bool | None] = {}
    for person in staff:
        for department in draw(st.lists(st.sampled_from(DEPARTMENTS), max_size=3, unique=True)):
            places[person, department] = draw(st.sampled_from([None, False, True]))
    return State(there, staff, places)


@st.composite
def histories(draw: st.DrawFn) -> History:
    hours = sorted(draw(st.sets(st.sampled_from(HOURS), min_size=1, max_size=7)))
    found = [draw(states())]
    for _ in hours[1:]:
        found.append(draw(states(before=found[-1])))
    return History([JANUARY + timedelta(hours=hour) for hour in hours], found)


def write(connection: Connection, history: History, tenant: str = TENANT) -> None:
    """Its versions and snapshots, and the headcounts by what a load calls."""
    columns: dict[str, tuple[str, ...]] = {
        "department": ("department_id", "name", "parent_id", "leader_user_ids"),
        "user": ("user_id", "manager_user_id", "main_department_id", "hired_on"),
        "membership": ("user_id", "department_id", "is_main"),
    }
    with connection.cursor() as cursor:
        for instant in history.instants:
            cursor.execute(
                "insert into ops.snapshot (snapshot_id, tenant_id, platform, mode, taken_at, uri, state) "
                "values (%s, %s, 'made_up', 'full', %s, 'nowhere', 'loaded')",
                [f"{tenant}/{instant}", tenant, instant],
            )
        for entity, key, content, valid_from, valid_to in history.rows():
            values: list[Any] = [*key]
            if isinstance(content, Department):
                values += [content.name, content.parent, list(content.leaders)]
            elif isinstance(content, Person):
                values += [content.manager, content.main, content.hired_on]
            else:
                values.append(content)
            cursor.execute(
                f"insert into org.{entity}_version "
                f"({', '.join(columns[entity])}, tenant_id, content_hash, valid_from, valid_to, snapshot_id) "
                f"values ({', '.join(['%s'] * (len(values) + 5))})",
                [*values, tenant, "", valid_from, valid_to, f"{tenant}/{valid_from}"],
            )
    execute(connection, "history/count_heads", tenant_id=tenant, instants=list(history.instants))


def read(connection: Connection, statement: str, *values: object) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [dict(zip([column.name for column in cursor.description], row, strict=True)) for row in cursor.fetchall()]


COUNTED = ("headcount", "joiners", "leavers", "net_transfers", "tenure_days", "tenure_known")


def recount(history: History, zone: ZoneInfo, last_at: datetime) -> dict[tuple[date, str], dict[str, Any]]:
    """What org.monthly_summary_in should say, state by state."""
    found = {}
    for starts_at, ends_at in months(history.instants[0], last_at, zone):
        spans = [*pairwise([*history.instants, None])]
        held = [
            state
            for state, (since, until) in zip(history.states, spans, strict=True)
            if since < ends_at and (until is None or until > starts_at)
        ]
        read_at = [instant for instant in history.instants if starts_at <= instant < ends_at]
        turns = [
            (before, after)
            for (before, after), instant in zip(pairwise(history.states), history.instants[1:], strict=True)
            if starts_at <= instant < ends_at
        ]
        names = {department: each.name for state in held for department, each in state.departments.items()}
        for department in ["", *names]:
            row: dict[str, Any] = {"department_name": names.get(department), "last_read_at": max(read_at, default=None)}
            for scope in ("own", "total"):
                counted = count(held[-1], turns, department, scope, min(ends_at, last_at).astimezone(zone).date()) if read_at else {}
                row |= {f"{scope}_{name}": counted.get(name) for name in COUNTED}
            found[starts_at.date(), department] = row
    return found


def months(first_at: datetime, last_at: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    starts_at = first_at.astimezone(zone).replace(day=1, hour=0)
    while starts_at <= last_at:
        ends_at = (starts_at.replace(tzinfo=None) + timedelta(days=31)).replace(day=1, tzinfo=zone)
        yield starts_at, ends_at
        starts_at = ends_at


def count(last: State, turns: Sequence[tuple[State, State]], department: str, scope: str, day: date) -> dict[str, Any]:
    def inside(state: State) -> set[str]:
        return state.own(department) if scope == "own" else state.total(department)

    counts: Counter[str] = Counter()
    for before, after in turns:
        stayed = before.people.keys() & after.people.keys()
        counts["joiners"] += len(inside(after) - stayed)
        counts["leavers"] += len(inside(before) - stayed)
        counts["net_transfers"] += len(inside(after) & stayed) - len(inside(before) & stayed)
    hired = [last.people[person].hired_on for person in inside(last)]
    tenures = [(day - since).days for since in hired if since and since <= day]
    return {
        "headcount": len(inside(last)),
        **{name: counts[name] for name in ("joiners", "leavers", "net_transfers")},
        "tenure_known": len(tenures),
        "tenure_days": pytest.approx(sum(tenures) / len(tenures), abs=0.051) if tenures else None,
    }


def summarize(connection: Connection, zone: str, tenant: str = TENANT) -> dict[tuple[date, str], dict[str, Any]]:
    rows = read(connection, "select * from org.monthly_summary_in(%s) where tenant_id = %s", zone, tenant)
    found = {(row["month"], row["department_id"]): row for row in rows}
    assert len(found) == len(rows)
    for row in rows:
        for name in ("tenant_id", "department_id", "month"):
            del row[name]
        for name in ("own_tenure_days", "total_tenure_days"):
            row[name] = None if row[name] is None else float(row[name])
    return found


def last_instant(connection: Connection, history: History) -> datetime:
    [row] = read(connection, "select now()")
    return max(row["now"], history.instants[-1])


@settings(examples, max_examples=60)
@given(history=histories(), zone=st.sampled_from(ZONES))
def test_months_of_any_history_are_those_of_a_recount(warehouse: Connection, history: History, zone: str) -> None:
    empty(warehouse)
    write(warehouse, history)
    assert summarize(warehouse, zone) == recount(history, ZoneInfo(zone), last_instant(warehouse, history))
    warehouse.rollback()


@settings(examples, max_examples=100)
@given(state=states())
def test_reporting_lines_of_any_company_are_those_of_each_person(warehouse: Connection, state: State) -> None:
    """Also where managers are in a circle or not there, departments are in a circle, and somebody leads several on their way up."""
    empty(warehouse)
    write(warehouse, History([JANUARY], [state]))
    rows = read(warehouse, "select user_id, superior_user_id, distance, known_by, department_id from org.reporting_line")
    assert {tuple(row.values()) for row in rows} == {line for person in state.people for line in climb_from(warehouse, person)}
    assert len({(row["user_id"], row["superior_user_id"]) for row in rows}) == len(rows)
    assert all(row["user_id"] != row["superior_user_id"] for row in rows)
    warehouse.rollback()


def climb_from(connection: Connection, person: str) -> Iterator[tuple[Any, ...]]:
    """As the page of the person says it."""
    steps = climb(person, lambda user_id: fetch_all(connection, "pages/list_leads", tenant_id=TENANT, user_id=user_id, at="infinity"))
    seen = {person}
    for distance, step in enumerate(steps, start=1):
        for superior in step.user_ids:
            if superior not in seen:
                seen.add(superior)
                yield person, superior, distance, "leader_user_ids" if step.department_id else "manager_user_id", step.department_id


def staff(**places: str) -> State:
    """A shop below a company, and who is where."""
    return State(
        {"a": Department("Company"), "b": Department("Shop", "a")},
        dict.fromkeys(places, Person(hired_on=date(2025, 1, 1))),
        dict.fromkeys(places.items()),
    )


def at(*days: tuple[int, int]) -> list[datetime]:
    return [datetime(2026, month, day, tzinfo=UTC) for month, day in days]


def shown(connection: Connection, department: str, *columns: str, tenant: str = TENANT) -> list[tuple[Any, ...]]:
    rows = read(
        connection,
        f"select {', '.join(columns)} from org.monthly_summary "
        "where tenant_id = %s and department_id = %s and month < '2026-04-01' order by month",
        tenant,
        department,
    )
    return [tuple(row.values()) for row in rows]


FLOWS = ("total_headcount", "total_joiners", "total_leavers", "total_net_transfers")


def test_first_load_finds_people_who_are_no_joiners(warehouse: Connection) -> None:
    write(warehouse, History(at((1, 5), (1, 9)), [staff(anna="a", bo="b"), staff(anna="a", bo="b", chen="b")]))
    assert shown(warehouse, "b", *FLOWS)[0] == (2, 1, 0, 0)
    assert shown(warehouse, "", *FLOWS)[0] == (3, 1, 0, 0)


def test_who_leaves_and_returns_is_a_leaver_and_a_joiner(warehouse: Connection) -> None:
    both, one = staff(anna="a", bo="b"), staff(anna="a")
    write(warehouse, History(at((1, 5), (1, 9), (2, 3)), [both, one, both]))
    assert shown(warehouse, "b", *FLOWS)[:2] == [(0, 0, 1, 0), (1, 1, 0, 0)]


def test_who_moves_is_neither(warehouse: Connection) -> None:
    write(warehouse, History(at((1, 5), (1, 9)), [staff(anna="a", bo="a"), staff(anna="a", bo="b")]))
    assert shown(warehouse, "b", *FLOWS)[0] == (1, 0, 0, 1)
    assert shown(warehouse, "a", *FLOWS)[0] == (2, 0, 0, 0)
    assert shown(warehouse, "a", "own_headcount", "own_net_transfers")[0] == (1, -1)


def test_month_in_which_nothing_was_read_is_unknown(warehouse: Connection) -> None:
    write(warehouse, History(at((1, 5), (3, 3)), [staff(anna="a"), staff(anna="a", bo="b")]))
    assert shown(warehouse, "b", "last_read_at", *FLOWS, "total_tenure_known") == [
        (at((1, 5))[0], 0, 0, 0, 0, 0),
        (None,) * 6,
        (at((3, 3))[0], 1, 1, 0, 0, 1),
    ]


def test_department_that_moves_as_a_month_ends_counts_where_it_was(warehouse: Connection) -> None:
    before = staff(anna="b", bo="b")
    after = State(before.departments | {"b": Department("Shop")}, before.people, before.members)
    write(warehouse, History(at((1, 5), (1, 20), (2, 1)), [before, before, after]))
    columns = ("total_headcount", "total_tenure_known", "total_net_transfers")
    assert shown(warehouse, "a", *columns)[:2] == [(2, 2, 0), (0, 0, -2)]


def test_who_is_in_two_departments_counts_once_above_them(warehouse: Connection) -> None:
    people = {"anna": Person(hired_on=date(2025, 1, 1)), "bo": Person(hired_on=date(2026, 1, 22))}
    members = {("anna", "a"): True, ("anna", "b"): None, ("bo", "b"): True}
    company = State({"a": Department("Company"), "b": Department("Shop", "a")}, people, members)
    write(warehouse, History(at((1, 5)), [company]))
    assert shown(warehouse, "a", "total_tenure_known", "total_tenure_days", "own_tenure_known") == [(2, 203, 1), (None,) * 3, (None,) * 3]


def test_tenure_of_who_begins_later_this_month_is_not_known(warehouse: Connection) -> None:
    company = State({"a": Department("Company")}, {"anna": Person(hired_on=date(2099, 1, 10))}, {("anna", "a"): None})
    write(warehouse, History([datetime(2099, 1, 5, tzinfo=UTC)], [company]))
    assert {(told["total_headcount"], told["total_tenure_known"]) for told in summarize(warehouse, "UTC").values()} == {(1, 0)}


def test_line_goes_by_the_nearest_leaders_and_past_those_who_lead_themselves(warehouse: Connection) -> None:
    departments = {
        "a": Department("Company", leaders=("eva",)),
        "b": Department("Shop", "a", ("dong", "chen")),
        "c": Department("Till", "b"),
    }
    places = {"eva": "a", "dong": "b", "chen": "b", "bo": "c"}
    write(warehouse, History(at((1, 5)), [State(departments, dict.fromkeys(places, Person()), dict.fromkeys(places.items()))]))
    lines = read(warehouse, "select user_id, superior_user_id, distance, department_id from org.reporting_line order by 1, 3, 2")
    assert [tuple(line.values()) for line in lines] == [
        ("bo", "chen", 1, "b"),
        ("bo", "dong", 1, "b"),
        ("bo", "eva", 2, "a"),
        ("chen", "eva", 1, "a"),
        ("dong", "eva", 1, "a"),
    ]


def test_tenants_do_not_mix(warehouse: Connection) -> None:
    write(warehouse, History(at((1, 5), (1, 9)), [staff(anna="a"), staff(anna="a", bo="b")]))
    write(warehouse, History(at((2, 5), (2, 9)), [staff(anna="a", bo="b"), staff(bo="b")]), tenant="cedar")
    assert shown(warehouse, "", *FLOWS)[0] == (2, 1, 0, 0)
    assert shown(warehouse, "", *FLOWS, tenant="cedar")[0] == (1, 0, 1, 0)
