"""What is told of clocks that differ, and of snapshots whose time has not come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orgsync.sync.timekeeping import SLACK, describe_differences, find_ahead

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("worker", "platform", "told"),
    [
        pytest.param(0.2, None, [], id="platform-that-does-not-tell"),
        pytest.param(-4.9, 4.9, [], id="a-few-seconds"),
        pytest.param(3600.0, -3600.0, ["this worker's clock is 3,600 seconds ahead of"], id="worker-ahead"),
        pytest.param(0.0, -90.0, ["the platform's clock is 90 seconds behind"], id="platform-behind"),
        pytest.param(
            -60.0, 0.0, ["this worker's clock is 60 seconds behind", "the platform's clock is 60 seconds behind"], id="warehouse-ahead"
        ),
    ],
)
def test_clocks_that_differ_from_the_warehouses_are_told(worker: float, platform: float | None, told: list[str]) -> None:
    found = describe_differences(worker, platform)
    assert [any(line.startswith(start) for line in found) for start in told] == [True] * len(told)
    assert len(found) == len(told)


def snapshot(taken_at: datetime, state: str = "landed") -> dict[str, Any]:
    return {"snapshot_id": "acme/1", "tenant_id": "acme", "taken_at": taken_at, "state": state}


def test_snapshot_of_the_future_is_told_with_the_fix() -> None:
    assert "`orgsync retract acme/1`" in find_ahead(snapshot(NOW + timedelta(hours=1)), now=NOW)
    assert find_ahead(snapshot(NOW + SLACK), now=NOW) == ""
    assert find_ahead(snapshot(NOW - timedelta(days=9)), now=NOW) == ""


def test_snapshot_that_is_part_of_history_may_be_loaded_again() -> None:
    assert find_ahead(snapshot(NOW + timedelta(hours=1), "loaded"), now=NOW) == ""
