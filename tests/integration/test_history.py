"""The merge keeps history equal to a small in-memory model, whatever is loaded in whatever order, however often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from types import ModuleType
from typing import Any
from unittest.mock import patch

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2.extensions import connection as Connection

from orgsync.frames import FRAMES, Frame, TidySet
from orgsync.manifest import Targets
from orgsync.warehouse import history, newest, timelines
from orgsync.warehouse.history import apply_plan, apply_retraction, lock_tenant, try_out, try_retraction, work_out
from orgsync.warehouse.plans import QUARANTINE_COLUMNS, create_plan, create_retraction, find_plan
from orgsync.warehouse.snapshots import find_snapshot, list_stale, mark_landed, mark_retracted
from orgsync.warehouse.spelling import spell
from orgsync.warehouse.statements import Row, execute, fetch_all
from tests.integration.history_model import UNREAD, Content, Key, Model, Snapshot

TENANT = "acme"
START = datetime(2026, 1, 1, tzinfo=UTC)
KEYS: dict[str, list[Key]] = {
    "department": [("a",), ("b",), ("3",)],
    "user": [("a",), ("b",), ("chen",)],
    "membership": [("a", "a"), ("a", "b"), ("b", "a")],
}
# Values are among the ids, so that a parent may be one that is there.
COLUMNS = {"department": ("name", "parent_id"), "user": ("name", "mobile"), "membership": ("title",)}
WIDE = {
    "department": ("name", "parent_id", "leader_user_ids"),
    "user": ("name", "mobile", "manager_user_id", "main_department_id"),
    "membership": ("is_main", "title"),
}
"""Also what changes are told by: who leads, which department is the main one."""

QUARANTINED, ABSENT = "quarantined", "absent"

MISCOUNTED = """
with recursive instants (at) as (
    select valid_from from org.user_version union select valid_to from org.user_version
    union select valid_from from org.department_version union select valid_to from org.department_version
    union select valid_from from org.membership_version union select valid_to from org.membership_version
),
department as (
    select at, department_id, parent_id
    from instants join org.department_version on valid_from <= at and (valid_to is null or valid_to > at)
),
member as (
    select at, department_id, user_id
    from instants join org.membership_version on valid_from <= at and (valid_to is null or valid_to > at)
),
place (at, department_id, user_id) as (
    select at, department_id, user_id from member
    union
    select at, above.department_id, user_id
    from place
    join department as own using (at, department_id)
    join department as above using (at)
    where above.department_id = own.parent_id
),
recounted (at, department_id, own, total) as (
    select at, department_id, count(*) filter (where member.user_id is not null), count(*)
    from place left join member using (at, department_id, user_id)
    group by at, department_id
    union all
    select at, '', 0, count(*)
    from instants join org.user_version on valid_from <= at and (valid_to is null or valid_to > at)
    group by at
),
told as (
    select at, department_id, sum(own) as own, sum(total) as total
    from instants join org.headcount_change on changed_at <= at
    group by at, department_id
    having sum(own) <> 0 or sum(total) <> 0
)
select at, department_id, recounted.own, told.own, recounted.total, told.total
from recounted full join told using (at, department_id)
where (recounted.own, recounted.total) is distinct from (told.own, told.total)
"""
"""When which department's members, or people with all below it, are others than the headcounts say; '' is everybody."""

Load = dict[str, Snapshot]
Step = Load | datetime
"""A snapshot that is loaded, or the instant of one that is retracted."""

Reading = tuple[dict[Key, Content | None], frozenset[str]]


def values_of(column: str) -> st.SearchStrategy[Any]:
    known: dict[str, list[Any]] = {
        "is_main": [True, False],
        "leader_user_ids": [["a"], ["b", "a"], []],
        "name": ["a", "b", "\u3000", "王\\小\t明"],  # by which some are found, or nobody
    }
    return st.sampled_from([*known.get(column, ["a", "b"]), None, UNREAD])


def readings_of(entity: str, count: int, columns: Mapping[str, Sequence[str]] = COLUMNS) -> st.SearchStrategy[list[Reading]]:
    content = st.fixed_dictionaries({column: values_of(column) for column in columns[entity]})
    state = st.one_of(content, content, content, st.just(QUARANTINED), st.just(ABSENT))
    rows = st.fixed_dictionaries(dict.fromkeys(KEYS[entity], state)).map(only_present)
    silent = st.frozensets(st.sampled_from(columns[entity]))
    return st.lists(st.tuples(rows, silent), min_size=count, max_size=count)


def only_present(states: dict[Key, Content | str]) -> dict[Key, Content | None]:
    return {key: None if state == QUARANTINED else state for key, state in states.items() if state != ABSENT}


def targets_of(most: int) -> st.SearchStrategy[dict[int, dict[str, frozenset[str]]]]:
    """Of some instants, whom and what a targeted read asked for then; always the same, however often it is loaded."""
    asked = {entity: st.frozensets(st.sampled_from([key for key, *_ in KEYS[entity]])) for entity in ("user", "department")}
    return st.dictionaries(st.integers(0, most - 1), st.fixed_dictionaries(asked), max_size=most // 2)


def aimed(snapshot: Snapshot, entity: str, targets: dict[str, frozenset[str]] | None) -> Snapshot:
    """The same as a targeted read would tell it."""
    if targets is None:
        return snapshot
    asked = targets["department" if entity == "department" else "user"]
    rows = {key: content for key, content in snapshot.rows.items() if key[0] in asked}
    return replace(snapshot, rows=rows, is_partial=False, asked=asked)


@st.composite
def evolutions(draw: st.DrawFn, most: int = 30) -> list[Step]:
    """Snapshots of distinct instants in any order; some again, with the same or another reading of the same instant, some retracted."""
    moments = draw(st.lists(st.integers(0, most - 1), min_size=1, max_size=most + 5))
    readings = {entity: draw(readings_of(entity, most)) for entity in KEYS}
    shift = draw(st.integers(0, most - 1))
    partial = draw(st.frozensets(st.integers(0, most - 1), max_size=most // 2))
    targets = draw(targets_of(most))

    def reading(entity: str, position: int) -> Snapshot:
        moment = moments[position]
        times_loaded = moments[:position].count(moment)
        rows, unobserved = readings[entity][(moment + shift * times_loaded) % most]
        return aimed(Snapshot(START + timedelta(hours=moment), rows, unobserved, is_partial=moment in partial), entity, targets.get(moment))

    steps: list[Step] = []
    loaded: set[int] = set()
    wants_out = draw(st.lists(st.sampled_from([False, False, True]), min_size=len(moments), max_size=len(moments)))
    for position, moment in enumerate(moments):
        if wants_out[position] and loaded:
            taken_out = sorted(loaded)[moment % len(loaded)]
            loaded.remove(taken_out)
            steps.append(START + timedelta(hours=taken_out))
        else:
            loaded.add(moment)
            steps.append({entity: reading(entity, position) for entity in KEYS})
    return steps


@st.composite
def loads_in_time_order(draw: st.DrawFn, most: int = 5) -> list[Load]:
    readings = {entity: draw(readings_of(entity, most, WIDE)) for entity in KEYS}
    partial = draw(st.frozensets(st.integers(0, most - 1), max_size=2))
    targets = draw(targets_of(most))

    def reading(entity: str, hour: int) -> Snapshot:
        snapshot = Snapshot(START + timedelta(hours=hour), *readings[entity][hour], is_partial=hour in partial)
        return aimed(snapshot, entity, targets.get(hour))

    return [{entity: reading(entity, hour) for entity in KEYS} for hour in range(most)]


def make_frame(frame: Frame, rows: dict[Key, Content | None]) -> pd.DataFrame:
    good = {key: content for key, content in rows.items() if content is not None}
    table = pd.DataFrame(
        [dict(zip(frame.key, key, strict=True)) | content for key, content in good.items()], columns=list(frame.columns), dtype=object
    )
    return table.where(table.notna() & (table != UNREAD), None)


def make_findings(load: Load) -> pd.DataFrame:
    found = [
        {"entity": frame.name, "rule": "broken", "reason": "made so by the test"} | dict(zip(frame.key, key, strict=True))
        for frame in FRAMES
        for key, content in load[frame.name].rows.items()
        if content is None
    ]
    found += [
        {"entity": frame.name, "column_name": column, "rule": "unread_value", "reason": "made so by the test"}
        | dict(zip(frame.key, key, strict=True))
        for frame in FRAMES
        for key, content in load[frame.name].rows.items()
        for column, value in (content or {}).items()
        if value == UNREAD
    ]
    return pd.DataFrame(found, columns=list(QUARANTINE_COLUMNS))


def step_and_settle(connection: Connection, step: Step, done: dict[str, Load]) -> None:
    """Load or retract one snapshot, then load those again that have to be judged anew, as the pipeline does."""
    make_step(connection, step, done)
    settle(connection, done)


def make_step(connection: Connection, step: Step, done: dict[str, Load]) -> None:
    if isinstance(step, datetime):
        retract_snapshot(connection, step)
    else:
        done[name_snapshot(step["user"].taken_at)] = step
        load_snapshot(connection, step)


def settle(connection: Connection, done: dict[str, Load]) -> None:
    for snapshot_id in list_stale(connection, TENANT):
        load_snapshot(connection, done[snapshot_id])
    assert list_stale(connection, TENANT) == []


def name_snapshot(taken_at: datetime) -> str:
    return f"{TENANT}/{taken_at:%Y%m%dT%H%M%SZ}"


def retract_snapshot(connection: Connection, taken_at: datetime) -> None:
    lock_tenant(connection, TENANT)
    plan = create_retraction(connection, name_snapshot(taken_at))
    work_out(connection, plan, sees_all=False)
    before, known = [read_versions(connection, frame) for frame in FRAMES], read_changes(connection)
    taken_back, instead = try_retraction(connection, plan)
    assert [read_versions(connection, frame) for frame in FRAMES] == before, "trying a retraction out left something behind"
    apply_retraction(connection, plan)
    mark_retracted(connection, name_snapshot(taken_at), decided_by="wang")
    told = read_changes(connection)
    assert (taken_back, instead) == (count_by_instant(known - told), count_by_instant(told - known))
    assert read_changes(connection, taken_at) == set()
    assert_derived_from_versions(connection)


def register(
    connection: Connection, taken_at: datetime, *, is_partial: bool = False, company: str = TENANT, asked: Targets | None = None
) -> Row:
    """A snapshot that landed; one that is known stays as it is."""
    execute(
        connection,
        "ops/register_snapshot",
        snapshot_id=name_snapshot(taken_at),
        tenant_id=TENANT,
        platform="made_up",
        mode="targeted" if asked else "full",
        taken_at=taken_at,
        uri="nowhere",
        visible_range={},
        is_complete=not is_partial,
        problems=["a part is missing"] if is_partial else [],
        sees_whole=not asked,
        company={"id": company, "app_key": "", "host": ""},
        asked_users=list(asked.users if asked else ()),
        asked_departments=list(asked.departments if asked else ()),
    )
    return find_snapshot(connection, name_snapshot(taken_at))


def load_snapshot(connection: Connection, load: Load) -> None:
    taken_at, is_partial = load["user"].taken_at, load["user"].is_partial
    users, departments = load["user"].asked, load["department"].asked
    asked = None if users is None or departments is None else Targets(users=tuple(users), departments=tuple(departments))
    snapshot = register(connection, taken_at, is_partial=is_partial, asked=asked)
    mark_landed(connection, snapshot["snapshot_id"], decided_by="li")  # if it was retracted
    frames = {f"{frame.name}s": make_frame(frame, dict(load[frame.name].rows)) for frame in FRAMES}
    tidy = TidySet(**frames, unobserved={entity: snapshot.unobserved for entity, snapshot in load.items()})
    lock_tenant(connection, TENANT)
    plan_id = create_plan(connection, snapshot, tidy, make_findings(load))
    if snapshot["state"] != "loaded":
        assert_ways_agree(connection, plan_id, sees_all=not is_partial)
    work_out(connection, find_plan(connection, plan_id), sees_all=not is_partial)
    before = [read_versions(connection, frame) for frame in FRAMES]
    planned, _ = try_out(connection, find_plan(connection, plan_id))
    assert [read_versions(connection, frame) for frame in FRAMES] == before, "trying a plan out left something behind"
    known = read_changes(connection, taken_at)
    apply_plan(connection, find_plan(connection, plan_id))
    assert count_by_kind(read_changes(connection, taken_at) - known) == planned
    assert_derived_from_versions(connection)


def assert_derived_from_versions(connection: Connection) -> None:
    """What is worked out from the versions and kept says what they say."""
    with connection.cursor() as cursor:
        cursor.execute(MISCOUNTED)
        assert cursor.fetchall() == []
        cursor.execute("select kind, value, key from org.search_key")
        found = cursor.fetchall()
        cursor.execute(
            "select 'name', name from org.user_version union select 'title', title from org.user_version "
            "union select 'department', name from org.department_version"
        )
        wanted = [(kind, value, key) for kind, value in cursor.fetchall() if value is not None for key in spell(kind, value)]
    assert sorted(found) == sorted(wanted)


def assert_ways_agree(connection: Connection, plan_id: int, *, sees_all: bool) -> None:
    """A snapshot later than all of history is loaded in the general way too: both say and write the same."""
    execute(connection, "history/place_plan", plan_id=plan_id)
    if fetch_all(connection, "history/is_newest", plan_id=plan_id)[0]["is_newest"]:
        general, short = (try_way(connection, way, plan_id, sees_all=sees_all) for way in (timelines, newest))
        for what, said in general.items():
            assert short[what] == said, what


def try_way(connection: Connection, way: ModuleType, plan_id: int, *, sees_all: bool) -> dict[str, Any]:
    """All that a load leaves, if it is made in one way; it is taken back."""
    with connection.cursor() as cursor, patch.object(history, "_choose_way", lambda _connection, _plan_id: way):
        cursor.execute("savepoint try_way")
        work_out(connection, find_plan(connection, plan_id), sees_all=sees_all)
        found: dict[str, Any] = {"tried": try_out(connection, find_plan(connection, plan_id))}
        cursor.execute("select change::text from ops.plan_change as change where plan_id = %s order by 1", [plan_id])
        found["changes"] = cursor.fetchall()
        plan = find_plan(connection, plan_id)
        found["plan"] = {name: plan[name] for name in ("timeline_rows", "unseen_counts", "based_on_plan_id", "state")}
        found["rows"] = apply_plan(connection, plan)
        found["versions"], found["heads"] = [read_versions(connection, frame) for frame in FRAMES], read_heads(connection)
        cursor.execute("rollback to savepoint try_way")
    return found


def read_versions(connection: Connection, frame: Frame) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(f"select * from org.{frame.name}_version order by {', '.join(frame.key)}, valid_from")
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def read_heads(connection: Connection) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute("select department_id, changed_at, own, total from org.headcount_change order by 1, 2")
        return cursor.fetchall()


def read_history(connection: Connection) -> tuple[Any, ...]:
    """All that loading leaves."""
    return [read_versions(connection, frame) for frame in FRAMES], read_heads(connection), read_changes(connection)


def read_changes(connection: Connection, instant: datetime | None = None) -> set[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select changed_at, kind, entity, user_id, department_id, column_name, value_from, value_to from org.change "
            "where %(instant)s::timestamptz is null or changed_at = %(instant)s",
            {"instant": instant},
        )
        return set(cursor.fetchall())


def count_by_kind(changes: set[tuple[Any, ...]]) -> dict[str, dict[str, int]]:
    """As a plan counts: an update of several columns of one row counts once."""
    kinds = {(entity, kind, user or department) for _, kind, entity, user, department, *_ in changes}
    counts = Counter((entity, kind) for entity, kind, _ in kinds)
    return {wanted: {kind: count for (entity, kind), count in counts.items() if entity == wanted} for wanted in ("user", "department")}


def count_by_instant(changes: set[tuple[Any, ...]]) -> dict[str, dict[str, int]]:
    """The same, over several instants."""
    counts: dict[str, Counter[str]] = {"user": Counter(), "department": Counter()}
    for instant in {changed_at for changed_at, *_ in changes}:
        for entity, kinds in count_by_kind({change for change in changes if change[0] == instant}).items():
            counts[entity] += Counter(kinds)
    return {entity: dict(kinds) for entity, kinds in counts.items()}


def versions_at(versions: Sequence[dict[str, Any]], frame: Frame, instant: datetime) -> dict[Key, Content]:
    return {
        tuple(version[name] for name in frame.key): {column: version[column] for column in COLUMNS[frame.name]}
        for version in versions
        if version["valid_from"] <= instant and (version["valid_to"] is None or version["valid_to"] > instant)
    }


def assert_equal_to_model(connection: Connection, done: Sequence[Step]) -> None:
    for frame in FRAMES:
        model = follow(done, frame.name)
        versions = read_versions(connection, frame)
        for taken_at in {step if isinstance(step, datetime) else step["user"].taken_at for step in done}:
            for instant in (taken_at - timedelta(minutes=1), taken_at, taken_at + timedelta(minutes=1)):
                assert versions_at(versions, frame, instant) == model.at(instant), (frame.name, instant)
        assert_well_formed(versions, frame)


def follow(done: Sequence[Step], entity: str) -> Model:
    model = Model()
    for step in done:
        if isinstance(step, datetime):
            model.retract(step)
        else:
            model.load(step[entity])
    return model


def assert_well_formed(versions: Sequence[dict[str, Any]], frame: Frame) -> None:
    """No two versions of a key overlap, none touches one with the same content."""
    for earlier, later in pairwise(versions):
        if all(earlier[name] == later[name] for name in frame.key):
            assert earlier["valid_to"] is not None
            assert earlier["valid_to"] <= later["valid_from"]
            assert earlier["valid_to"] < later["valid_from"] or earlier["content_hash"] != later["content_hash"]


def empty(connection: Connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "truncate org.department_version, org.user_version, org.membership_version, org.headcount_change, org.search_key, "
            "ops.snapshot, ops.plan, ops.plan_change cascade"
        )


def assert_steps_equal_the_model(connection: Connection, steps: list[Step]) -> None:
    empty(connection)
    done: dict[str, Load] = {}
    for step in steps:
        step_and_settle(connection, step, done)
    assert_equal_to_model(connection, steps)
    any_order = read_history(connection)

    empty(connection)
    done.clear()
    for load in left_of(steps):
        step_and_settle(connection, load, done)
    assert read_history(connection) == any_order
    connection.rollback()


def left_of(steps: Sequence[Step]) -> list[Load]:
    """The last reading of each snapshot that was not retracted after it, in time order."""
    left: dict[datetime, Load] = {}
    for step in steps:
        if isinstance(step, datetime):
            del left[step]
        else:
            left[step["user"].taken_at] = step
    return [left[taken_at] for taken_at in sorted(left)]


examples = settings(deadline=None, suppress_health_check=list(HealthCheck))


@settings(examples, max_examples=8)
@given(steps=evolutions(most=30))
def test_thirty_snapshots_in_any_order_equal_the_model(warehouse: Connection, steps: list[Step]) -> None:
    assert_steps_equal_the_model(warehouse, steps)


@settings(examples, max_examples=30)
@given(steps=evolutions(most=4))
def test_few_snapshots_loaded_and_retracted_again_and_again_equal_the_model(warehouse: Connection, steps: list[Step]) -> None:
    """A small world, so that another reading of the same instant often meets later snapshots that are silent about it."""
    assert_steps_equal_the_model(warehouse, steps)


@settings(examples, max_examples=25)
@given(loads=loads_in_time_order())
def test_snapshots_in_time_order_say_and_write_the_same_in_the_short_way_as_in_the_general_one(
    warehouse: Connection, loads: list[Load]
) -> None:
    empty(warehouse)
    done: dict[str, Load] = {}
    for load in loads:
        step_and_settle(warehouse, load, done)
    warehouse.rollback()


DEPARTMENTS = "abcdefg"
PEOPLE = ("anna", "bo", "chen", "dong")


@st.composite
def companies(draw: st.DrawFn) -> list[tuple[dict[str, str | None], dict[str, frozenset[str]]]]:
    """Some states of a company one after the other: the parent of each department there is, the departments of each person there is.

    Any parent will do, also one that is not there, or is below.
    """
    parents = st.dictionaries(st.sampled_from(DEPARTMENTS), st.sampled_from([None, *DEPARTMENTS]))
    people = st.dictionaries(st.sampled_from(PEOPLE), st.frozensets(st.sampled_from(DEPARTMENTS), max_size=3))
    states = [(draw(parents), draw(people))]
    for _ in range(draw(st.integers(0, 5))):
        before = states[-1]
        states.append((before[0] if draw(st.booleans()) else draw(parents), before[1] if draw(st.booleans()) else draw(people)))
    return states


def write_company(connection: Connection, states: Sequence[tuple[dict[str, str | None], dict[str, frozenset[str]]]]) -> list[datetime]:
    """The versions that hold such states, an hour after each other."""
    known: dict[tuple[str, ...], tuple[datetime, Any]] = {}
    instants = [START + timedelta(hours=hour) for hour in range(len(states) + 1)]
    for instant, (parents, people) in zip(instants, [*states, ({}, {})], strict=True):
        rows: dict[tuple[str, ...], Any] = {("department", department, ""): parent for department, parent in parents.items()}
        rows |= {("user", person, ""): None for person in people}
        rows |= {("membership", person, department): None for person, departments in people.items() for department in departments}
        for key in [key for key, (_, held) in known.items() if key not in rows or rows[key] != held]:
            write_version(connection, key, known.pop(key), instant)
        known |= {key: (instant, held) for key, held in rows.items() if key not in known}
    return instants


def write_version(connection: Connection, key: tuple[str, ...], held: tuple[datetime, Any], valid_to: datetime) -> None:
    entity, *ids = key
    columns = {"department": ("department_id", "parent_id"), "user": ("user_id",), "membership": ("user_id", "department_id")}[entity]
    values = [ids[0], held[1]] if entity == "department" else ids[: len(columns)]
    names, marks = ", ".join(columns), ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        cursor.execute(
            f"insert into org.{entity}_version (tenant_id, {names}, content_hash, valid_from, valid_to, snapshot_id) "
            f"values ('acme', {marks}, '', %s, %s, 'made up')",
            [*values, held[0], valid_to],
        )


@settings(examples, max_examples=150)
@given(states=companies(), shuffled=st.randoms())
def test_headcounts_of_any_company_are_those_of_a_recount(warehouse: Connection, states: Any, shuffled: Random) -> None:
    """Also where parents vanish and children stay, where a branch moves, where somebody is in several departments below one."""
    empty(warehouse)
    instants = write_company(warehouse, states)
    shuffled.shuffle(instants)
    execute(warehouse, "history/count_heads", tenant_id=TENANT, instants=instants)
    with warehouse.cursor() as cursor:
        cursor.execute(MISCOUNTED)
        assert cursor.fetchall() == []
    warehouse.rollback()


def world(hour: int, *, users: dict[Key, Content | None], unobserved: frozenset[str] = frozenset()) -> Load:
    taken_at = START + timedelta(hours=hour)
    nothing = {entity: Snapshot(taken_at, {}) for entity in KEYS}
    return nothing | {"user": Snapshot(taken_at, users, unobserved)}


def test_reload_that_no_longer_observes_a_column_takes_its_value_back_from_later_silent_snapshots(warehouse: Connection) -> None:
    mobile = frozenset({"mobile"})
    loads = [
        world(0, users={("anna",): {"name": "Anna", "mobile": "old"}}),
        world(1, users={("anna",): {"name": "Anna", "mobile": "wrong"}}),
        world(2, users={("anna",): {"name": "Anna", "mobile": None}}, unobserved=mobile),
        world(1, users={("anna",): {"name": "Anna", "mobile": None}}, unobserved=mobile),
    ]
    assert_steps_equal_the_model(warehouse, [*loads])
