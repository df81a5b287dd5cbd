"""The merge keeps history equal to a small in-memory model, whatever is loaded in whatever order, however often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2.extensions import connection as Connection

from orgsync.frames import FRAMES, Frame, TidySet
from orgsync.warehouse.history import apply_plan, lock_tenant, try_out, work_out
from orgsync.warehouse.plans import QUARANTINE_COLUMNS, create_plan, find_plan
from orgsync.warehouse.snapshots import list_stale
from orgsync.warehouse.statements import execute, fetch_one
from tests.integration.history_model import Content, Key, Model, Snapshot

TENANT = "acme"
START = datetime(2026, 1, 1, tzinfo=UTC)
KEYS: dict[str, list[Key]] = {
    "department": [("1",), ("2",), ("3",)],
    "user": [("anna",), ("bo",), ("chen",)],
    "membership": [("anna", "1"), ("anna", "2"), ("bo", "1")],
}
COLUMNS = {"department": ("name", "parent_id"), "user": ("name", "mobile"), "membership": ("title",)}

QUARANTINED, ABSENT = "quarantined", "absent"

Load = dict[str, Snapshot]
Reading = tuple[dict[Key, Content | None], frozenset[str]]


def readings_of(entity: str, count: int) -> st.SearchStrategy[list[Reading]]:
    value = st.sampled_from(["a", "b", None])
    content = st.fixed_dictionaries(dict.fromkeys(COLUMNS[entity], value))
    state = st.one_of(content, content, content, st.just(QUARANTINED), st.just(ABSENT))
    rows = st.fixed_dictionaries(dict.fromkeys(KEYS[entity], state)).map(only_present)
    silent = st.frozensets(st.sampled_from(COLUMNS[entity]))
    return st.lists(st.tuples(rows, silent), min_size=count, max_size=count)


def only_present(states: dict[Key, Content | str]) -> dict[Key, Content | None]:
    return {key: None if state == QUARANTINED else state for key, state in states.items() if state != ABSENT}


@st.composite
def loads(draw: st.DrawFn, most: int = 30) -> list[Load]:
    """Snapshots of distinct instants in any order; some again, with the same or another reading of the same instant."""
    moments = draw(st.lists(st.integers(0, most - 1), min_size=1, max_size=most + 5))
    readings = {entity: draw(readings_of(entity, most)) for entity in KEYS}
    shift = draw(st.integers(0, most - 1))
    partial = draw(st.frozensets(st.integers(0, most - 1), max_size=most // 2))

    def reading(entity: str, position: int) -> Snapshot:
        times_loaded = moments[:position].count(moments[position])
        rows, unobserved = readings[entity][(moments[position] + shift * times_loaded) % most]
        return Snapshot(START + timedelta(hours=moments[position]), rows, unobserved, is_partial=moments[position] in partial)

    return [{entity: reading(entity, position) for entity in KEYS} for position in range(len(moments))]


def make_frame(frame: Frame, rows: dict[Key, Content | None]) -> pd.DataFrame:
    good = {key: content for key, content in rows.items() if content is not None}
    table = pd.DataFrame(
        [dict(zip(frame.key, key, strict=True)) | content for key, content in good.items()], columns=list(frame.columns), dtype=object
    )
    return table.where(table.notna(), None)


def make_findings(load: Load) -> pd.DataFrame:
    found = [
        {"entity": frame.name, "rule": "broken", "reason": "made so by the test"} | dict(zip(frame.key, key, strict=True))
        for frame in FRAMES
        for key, content in load[frame.name].rows.items()
        if content is None
    ]
    return pd.DataFrame(found, columns=list(QUARANTINE_COLUMNS))


def load_and_settle(connection: Connection, load: Load, done: dict[str, Load]) -> None:
    """Load one snapshot, then those again that have to be judged anew, as the pipeline does."""
    done[name_snapshot(load)] = load
    load_snapshot(connection, load)
    for snapshot_id in list_stale(connection, TENANT):
        load_snapshot(connection, done[snapshot_id])
    assert list_stale(connection, TENANT) == []


def name_snapshot(load: Load) -> str:
    return f"{TENANT}/{load['user'].taken_at:%Y%m%dT%H%M%SZ}"


def load_snapshot(connection: Connection, load: Load) -> None:
    taken_at = load["user"].taken_at
    snapshot_id, is_partial = name_snapshot(load), load["user"].is_partial
    execute(
        connection,
        "ops/register_snapshot",
        snapshot_id=snapshot_id,
        tenant_id=TENANT,
        platform="made_up",
        mode="full",
        taken_at=taken_at,
        uri="nowhere",
        visible_range={},
        is_complete=not is_partial,
        problems=["a part is missing"] if is_partial else [],
        sees_whole=True,
    )
    frames = {f"{frame.name}s": make_frame(frame, dict(load[frame.name].rows)) for frame in FRAMES}
    tidy = TidySet(**frames, unobserved={entity: snapshot.unobserved for entity, snapshot in load.items()})
    snapshot = fetch_one(connection, "ops/find_snapshot", snapshot_id=snapshot_id)
    assert snapshot is not None
    lock_tenant(connection, TENANT)
    plan_id = create_plan(connection, snapshot, tidy, make_findings(load))
    work_out(connection, find_plan(connection, plan_id), sees_all=not is_partial)
    before = [read_versions(connection, frame) for frame in FRAMES]
    planned, _ = try_out(connection, find_plan(connection, plan_id))
    assert [read_versions(connection, frame) for frame in FRAMES] == before, "trying a plan out left something behind"
    known = read_changes(connection, taken_at)
    apply_plan(connection, find_plan(connection, plan_id))
    assert count_by_kind(read_changes(connection, taken_at) - known) == planned


def read_versions(connection: Connection, frame: Frame) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(f"select * from org.{frame.name}_version order by {', '.join(frame.key)}, valid_from")
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


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


def versions_at(versions: Sequence[dict[str, Any]], frame: Frame, instant: datetime) -> dict[Key, Content]:
    return {
        tuple(version[name] for name in frame.key): {column: version[column] for column in COLUMNS[frame.name]}
        for version in versions
        if version["valid_from"] <= instant and (version["valid_to"] is None or version["valid_to"] > instant)
    }


def assert_equal_to_model(connection: Connection, done: Sequence[Load]) -> None:
    for frame in FRAMES:
        model = Model()
        for load in done:
            model.load(load[frame.name])
        versions = read_versions(connection, frame)
        for taken_at in model.loaded:
            for instant in (taken_at - timedelta(minutes=1), taken_at, taken_at + timedelta(minutes=1)):
                assert versions_at(versions, frame, instant) == model.at(instant), (frame.name, instant)
        assert_well_formed(versions, frame)


def assert_well_formed(versions: Sequence[dict[str, Any]], frame: Frame) -> None:
    """No two versions of a key overlap, none touches one with the same content."""
    for earlier, later in pairwise(versions):
        if all(earlier[name] == later[name] for name in frame.key):
            assert earlier["valid_to"] is not None
            assert earlier["valid_to"] <= later["valid_from"]
            assert earlier["valid_to"] < later["valid_from"] or earlier["content_hash"] != later["content_hash"]


def empty(connection: Connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute("truncate org.department_version, org.user_version, org.membership_version, ops.snapshot, ops.plan cascade")


def assert_loads_equal_the_model(connection: Connection, loads: list[Load]) -> None:
    empty(connection)
    done: dict[str, Load] = {}
    for load in loads:
        load_and_settle(connection, load, done)
    assert_equal_to_model(connection, loads)
    any_order = [read_versions(connection, frame) for frame in FRAMES], read_changes(connection)

    empty(connection)
    latest_reading = {load["user"].taken_at: load for load in loads}
    done.clear()
    for taken_at in sorted(latest_reading):
        load_and_settle(connection, latest_reading[taken_at], done)
    assert ([read_versions(connection, frame) for frame in FRAMES], read_changes(connection)) == any_order
    connection.rollback()


examples = settings(deadline=None, suppress_health_check=list(HealthCheck))


@settings(examples, max_examples=25)
@given(loads=loads(most=30))
def test_thirty_snapshots_in_any_order_equal_the_model(warehouse: Connection, loads: list[Load]) -> None:
    assert_loads_equal_the_model(warehouse, loads)


@settings(examples, max_examples=150)
@given(loads=loads(most=4))
def test_few_snapshots_loaded_again_and_again_equal_the_model(warehouse: Connection, loads: list[Load]) -> None:
    """A small world, so that another reading of the same instant often meets later snapshots that are silent about it."""
    assert_loads_equal_the_model(warehouse, loads)


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
    assert_loads_equal_the_model(warehouse, loads)
