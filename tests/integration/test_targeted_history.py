"""Looks at single people between reads of everybody date changes earlier, and change nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg2.extensions import connection as Connection

from orgsync.frames import FRAMES
from tests.integration.history_model import Content, Key, Snapshot
from tests.integration.test_history import COLUMNS, KEYS, START, Load, empty, examples, load_snapshot, read_versions, versions_at

State = dict[str, dict[Key, Content]]


@st.composite
def states(draw: st.DrawFn, most: int) -> list[State]:
    """A company as it truly is, minute by minute; a membership only of who is there."""
    found = []
    for _ in range(most):
        state: State = {
            entity: draw(
                st.dictionaries(
                    st.sampled_from(KEYS[entity]),
                    st.fixed_dictionaries({column: st.sampled_from(["a", "b", None]) for column in COLUMNS[entity]}),
                )
            )
            for entity in KEYS
        }
        state["membership"] = {key: content for key, content in state["membership"].items() if key[:1] in state["user"]}
        found.append(state)
    return found


@st.composite
def reads(draw: st.DrawFn, most: int) -> list[dict[str, frozenset[str]] | None]:
    """What is read in each minute: None is everybody; else whom events had named, which may be anybody, or nobody."""
    asked = {entity: st.frozensets(st.sampled_from([key for key, *_ in KEYS[entity]])) for entity in ("user", "department")}
    return [None, *draw(st.lists(st.one_of(st.none(), st.fixed_dictionaries(asked)), min_size=most - 1, max_size=most - 1))]


def look(state: State, taken_at: datetime, asked: dict[str, frozenset[str]] | None) -> Load:
    """What a read shows: of everybody, or of who was asked for."""
    if asked is None:
        return {entity: Snapshot(taken_at, dict(state[entity])) for entity in KEYS}
    whom = {entity: asked["department" if entity == "department" else "user"] for entity in KEYS}
    rows = {entity: {key: content for key, content in state[entity].items() if key[0] in whom[entity]} for entity in KEYS}
    return {entity: Snapshot(taken_at, dict(rows[entity]), asked=whom[entity]) for entity in KEYS}


def read_all(connection: Connection, instants: list[datetime]) -> dict[datetime, dict[str, Any]]:
    versions = {frame.name: read_versions(connection, frame) for frame in FRAMES}
    return {at: {frame.name: versions_at(versions[frame.name], frame, at) for frame in FRAMES} for at in instants}


@settings(examples, max_examples=4)
@given(truth=states(7), wanted=reads(7), again=st.permutations(range(7)))
def test_history_with_looks_is_history_without_them_but_for_when_changes_are_dated(
    warehouse: Connection, truth: list[State], wanted: list[dict[str, frozenset[str]] | None], again: list[int]
) -> None:
    instants = [START + timedelta(minutes=minute) for minute in range(len(truth))]
    whole = [at for at, asked in zip(instants, wanted, strict=True) if asked is None]
    loads = [look(*each) for each in zip(truth, instants, wanted, strict=True)]

    empty(warehouse)
    for load in loads:
        if load["user"].taken_at in whole:
            load_snapshot(warehouse, load)
    without = read_all(warehouse, instants)

    empty(warehouse)
    for load in loads:
        load_snapshot(warehouse, load)
    found = read_all(warehouse, instants)

    for place, at in enumerate(instants):
        if at in whole:
            assert found[at] == without[at]
        since = max(position for position in range(place + 1) if instants[position] in whole)
        for entity, rows in found[at].items():
            for key, content in rows.items():
                shown = [truth[position][entity].get(key) for position in range(since, place + 1)]
                assert content in shown, "something that the platform did not show since everybody was read"
            for key in without[at][entity].keys() - rows.keys():
                assert None in [truth[position][entity].get(key) for position in range(since, place + 1)], "ended, and was never gone"

    for position in again:
        load_snapshot(warehouse, loads[position])
    assert read_all(warehouse, instants) == found, "loaded again in any order, it is the same"
    warehouse.rollback()
