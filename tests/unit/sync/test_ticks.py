"""When a cron ticked last; `tests/witnesses/test_airflow_ticks.py` holds the windows against Airflow's own ticks."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from orgsync.sync.ticks import find_last_tick, find_window

NIGHTLY = "37 2 * * *"


@pytest.mark.parametrize(
    ("cron", "zone", "now", "expected"),
    [
        pytest.param(NIGHTLY, "Asia/Shanghai", "2026-11-28T02:37+08:00", "2026-11-28T02:37+08:00", id="a-tick-is-its-own-last"),
        pytest.param(NIGHTLY, "Asia/Shanghai", "2026-11-28T02:36:59+08:00", "2026-11-27T02:37+08:00", id="the-day-before"),
        pytest.param(NIGHTLY, "America/New_York", "2026-03-08T03:07-04:00", "2026-03-07T02:37-05:00", id="a-skipped-time-comes-later"),
        pytest.param(NIGHTLY, "America/New_York", "2026-03-08T04:07-04:00", "2026-03-08T03:37-04:00", id="and-comes-once"),
        pytest.param(NIGHTLY, "Europe/Berlin", "2026-10-25T02:50+02:00", "2026-10-24T02:37+02:00", id="first-of-two-is-none"),
        pytest.param(NIGHTLY, "Europe/Berlin", "2026-10-25T03:07+01:00", "2026-10-25T02:37+01:00", id="second-of-two-is-one"),
        pytest.param("0 3 29 2 *", "Asia/Shanghai", "2026-11-28T00:00+08:00", "2024-02-29T03:00+08:00", id="years-ago"),
    ],
)
def test_last_tick(cron: str, zone: str, now: str, expected: str) -> None:
    last = find_last_tick(cron, ZoneInfo(zone), datetime.fromisoformat(now))
    assert last == datetime.fromisoformat(expected)
    assert last.tzinfo is UTC


HOURLY = "7 * * * *"


@pytest.mark.parametrize(
    ("crons", "zone", "tick", "before"),
    [
        pytest.param([NIGHTLY], "Asia/Shanghai", "2026-11-28T02:37+08:00", "2026-11-27T02:37+08:00", id="a-day"),
        pytest.param([HOURLY], "Asia/Shanghai", "2026-11-28T02:07+08:00", "2026-11-28T01:07+08:00", id="an-hour"),
        pytest.param([HOURLY, NIGHTLY], "Asia/Shanghai", "2026-11-28T03:07+08:00", "2026-11-28T02:37+08:00", id="the-other-cron"),
        pytest.param([HOURLY, NIGHTLY], "Asia/Shanghai", "2026-11-28T02:37+08:00", "2026-11-28T02:07+08:00", id="the-other-way-round"),
        pytest.param([NIGHTLY, HOURLY], "Asia/Shanghai", "2026-11-28T02:37+08:00", "2026-11-28T02:07+08:00", id="in-any-order"),
        pytest.param([NIGHTLY], "America/New_York", "2026-03-08T03:37-04:00", "2026-03-07T02:37-05:00", id="put-forward"),
        pytest.param([NIGHTLY], "America/New_York", "2026-03-09T02:37-04:00", "2026-03-08T03:37-04:00", id="the-day-after"),
        pytest.param([NIGHTLY], "Europe/Berlin", "2026-10-25T02:37+01:00", "2026-10-24T02:37+02:00", id="put-back"),
        pytest.param([HOURLY], "Europe/Berlin", "2026-10-25T02:07+01:00", "2026-10-25T02:07+02:00", id="an-hour-that-comes-twice"),
        pytest.param([HOURLY], "America/New_York", "2026-03-08T03:07-04:00", "2026-03-08T01:07-05:00", id="an-hour-that-is-skipped"),
        pytest.param(["37 2 1 * *"], "Asia/Shanghai", "2026-11-01T02:37+08:00", "2026-10-01T02:37+08:00", id="a-month"),
        pytest.param(["37 2 1 * *", "38 2 1 * *"], "Asia/Shanghai", "2026-11-01T02:37+08:00", "2026-10-01T02:38+08:00", id="two-a-month"),
    ],
)
def test_a_ticks_window_begins_with_the_tick_before_it(crons: list[str], zone: str, tick: str, before: str) -> None:
    at = datetime.fromisoformat(tick)
    assert find_window(crons, ZoneInfo(zone), at) == (datetime.fromisoformat(before), at)
