"""Time is the warehouse's: whatever clocks show elsewhere, snapshots follow each other, and none is of the future."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from orgsync.errors import GateError
from orgsync.sync.extracting import extract_snapshot
from orgsync.sync.lookups import find_runs
from orgsync.sync.replaying import replay
from orgsync.sync.validating import validate_snapshot
from orgsync.warehouse.snapshots import find_last_full_read
from tests.integration.truth import assert_equals_truth
from tests.integration.world import World

NOW = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_snapshot_is_dated_by_the_warehouse(world: World) -> None:
    [(before,)] = world.query("select clock_timestamp()")
    world.sync()
    [(taken_at, after)] = world.query("select taken_at, clock_timestamp() from ops.snapshot")
    assert before < taken_at < after
    assert find_runs(world.settings, "acme")[0]["warnings"] == []


def test_history_of_the_future_stops_the_next_sync_before_anything_is_read(world: World) -> None:
    world.sync(now=NOW + timedelta(days=365))
    before = world.history()
    world.control("DELETE", "calls")
    with pytest.raises(GateError, match=r"dated after now .* `orgsync retract acme/20271101T000000\.000000Z`"):
        world.sync(now=NOW)
    assert world.control("GET", "calls")["total"] == 0
    assert world.history() == before
    assert find_runs(world.settings, "acme")[0]["outcome"] == "stopped"


def test_clock_that_was_put_back_by_seconds_asks_nobody(world: World) -> None:
    world.sync(now=NOW)
    world.control("POST", "evolve", {"rate": 0.1})
    world.sync(now=NOW - timedelta(seconds=30))
    assert_equals_truth(world)
    assert world.query("select taken_at from ops.snapshot order by 1") == [(NOW,), (NOW + timedelta(microseconds=1),)]


def test_full_read_of_the_future_is_none(world: World, warehouse: object) -> None:
    world.sync(now=NOW)
    world.sync(now=NOW + timedelta(days=365))
    assert find_last_full_read(warehouse, "acme", until=NOW + HOUR) == NOW


def test_snapshot_older_than_what_is_loaded_enters_by_replay_alone(world: World) -> None:
    older, newer = world.run_at(NOW), world.run_at(NOW + HOUR)
    snapshot_id = extract_snapshot(older, mode="full")
    world.control("POST", "evolve", {"rate": 0.1})
    world.sync(now=NOW + HOUR)
    with pytest.raises(
        GateError, match=r"is not later than acme/20261101T010000.000000Z.* `orgsync replay acme --from 2026-11-01T00:00:00"
    ):
        validate_snapshot(newer, snapshot_id)
    [loaded] = replay(newer, after=NOW - HOUR, until=NOW)
    assert (loaded["snapshot_id"], loaded["outcome"]) == (snapshot_id, "succeeded")
    validate_snapshot(newer, snapshot_id)  # what is part of history may be loaded again, as by clearing tasks of its run


def test_landed_snapshot_of_the_future_is_not_loaded(world: World) -> None:
    snapshot_id = extract_snapshot(world.run_at(NOW + timedelta(days=365)), mode="full")
    with pytest.raises(GateError, match=f"dated after now .* `orgsync retract {snapshot_id}`"):
        validate_snapshot(world.run_at(NOW), snapshot_id)


def test_worker_whose_clock_is_wrong_is_told(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.sync(now=datetime.now(UTC) - HOUR)
    told = find_runs(world.settings, "acme")[0]["warnings"]
    assert [text.partition(" is ")[0] for text in told] == ["this worker's clock", "the platform's clock"]
    assert all(text in caplog.text for text in told)
