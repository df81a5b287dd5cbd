"""The merge keeps history equal to a small in-memory model, whatever is loaded in whatever order, however often."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2.extensions import connection as Connection

from orgsync.frames import FRAMES, Frame, TidySet
from orgsync.warehouse.history import apply_plan, lock_tenant, plan_changes
from orgsync.warehouse.plans import QUARANTINE_COLUMNS, create_plan, find_plan, forget_staged_rows
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

Load = dict[str, Snapshot]


def snapshots_of(entity: str) -> st.SearchStrategy[list[tuple[dict[Key, Content | None], frozenset[str]]]]:
    value = st.sampled_from(["a", "b", None])
    content = st.fixed_dictionaries(dict.fromkeys(COLUMNS[entity], value))
    rows = st.dictionaries(st.sampled_from(KEYS[entity]), st.one_of(content, content, content, st.none()))
    silent = st.one_of(st.just(frozenset()), st.frozensets(st.sampled_from(COLUMNS[entity])))
    return st.lists(st.tuples(rows, silent), min_size=30, max_size=30)


@st.composite
def loads(draw: st.DrawFn, most: int = 30) -> list[Load]:
    """Snapshots of distinct instants in any order; some again, with the same or another reading of the same instant."""
    moments = draw(st.lists(st.integers(0, most - 1), min_size=1, max_size=most + 5))
    readings = {entity: draw(snapshots_of(entity)) for entity in KEYS}
    shift = draw(st.integers(0, 29))
    return [
        {
            entity: Snapshot(START + timedelta(hours=moment), *readings[entity][(moment + shift * moments[:position].count(moment)) % 30])
            for entity in KEYS
        }
        for position, moment in enumerate(moments)
    ]


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


def load_snapshot(connection: Connection, load: Load) -> None:
    taken_at = load["user"].taken_at
    snapshot_id = f"{TENANT}/{taken_at:%Y%m%dT%H%M%SZ}"
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
    )
    frames = {f"{frame.name}s": make_frame(frame, dict(load[frame.name].rows)) for frame in FRAMES}
    tidy = TidySet(**frames, unobserved={entity: snapshot.unobserved for entity, snapshot in load.items()})
    snapshot = fetch_one(connection, "ops/find_snapshot", snapshot_id=snapshot_id)
    assert snapshot is not None
    lock_tenant(connection, TENANT)
    plan_id = create_plan(connection, snapshot, tidy, make_findings(load))
    plan_changes(connection, plan_id, TENANT)
    apply_plan(connection, find_plan(connection, plan_id))
    forget_staged_rows(connection, plan_id)


def read_versions(connection: Connection, frame: Frame) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(f"select * from org.{frame.name}_version order by {', '.join(frame.key)}, valid_from")
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def read_changes(connection: Connection) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute("select * from org.change order by change_id")
        return cursor.fetchall()


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
    for earlier, later in zip(versions, versions[1:], strict=False):
        if all(earlier[name] == later[name] for name in frame.key):
            assert earlier["valid_to"] is not None
            assert earlier["valid_to"] <= later["valid_from"]
            assert earlier["valid_to"] < later["valid_from"] or earlier["content_hash"] != later["content_hash"]


def empty(connection: Connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute("truncate org.department_version, org.user_version, org.membership_version, ops.snapshot, ops.plan cascade")


everything = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))


@pytest.mark.timeout(600)
@everything
@given(loads=loads())
def test_any_order_of_loads_equals_the_model(warehouse: Connection, loads: list[Load]) -> None:
    empty(warehouse)
    for load in loads:
        load_snapshot(warehouse, load)
    assert_equal_to_model(warehouse, loads)
    any_order = [read_versions(warehouse, frame) for frame in FRAMES], read_changes(warehouse)

    empty(warehouse)
    latest_reading = {load["user"].taken_at: load for load in loads}
    for taken_at in sorted(latest_reading):
        load_snapshot(warehouse, latest_reading[taken_at])
    assert ([read_versions(warehouse, frame) for frame in FRAMES], read_changes(warehouse)) == any_order
    warehouse.rollback()
