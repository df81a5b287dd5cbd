"""The windows of backfilled runs against the ticks of Airflow's own timetable."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise, takewhile
from zoneinfo import ZoneInfo

import pendulum
import pytest
from airflow.timetables.base import TimeRestriction
from airflow.timetables.trigger import MultipleCronTriggerTimetable
from hypothesis import given, settings
from hypothesis import strategies as st

from orgsync.sync.ticks import find_window

CLOCKS_CHANGE = [
    ("America/New_York", "2026-03-08T07:00Z"),
    ("America/New_York", "2026-11-01T06:00Z"),
    ("Europe/Berlin", "2026-03-29T01:00Z"),
    ("Europe/Berlin", "2026-10-25T01:00Z"),
    ("Asia/Jerusalem", "2026-03-27T00:00Z"),
    ("Asia/Jerusalem", "2026-10-24T23:00Z"),
    ("Australia/Lord_Howe", "2026-04-04T15:00Z"),  # by half an hour
    ("Australia/Lord_Howe", "2026-10-03T15:30Z"),
    ("America/Santiago", "2026-09-06T04:00Z"),  # midnight does not come
    ("Pacific/Apia", "2011-12-30T10:00Z"),  # a whole day does not come
    ("Asia/Shanghai", "2026-03-08T07:00Z"),  # none at all
]

minutes = st.sampled_from(["0", "7", "30", "37", "59", "*/20", "5,55"])
hours = st.sampled_from(["*", "*", "0", "1", "2", "3", "2,3", "*/2", "0-23", "23"])
days = st.sampled_from(["* * *", "* * *", "* * 0", "* * 6", "8 * *", "25 * *", "1,15 * 3"])
crons = st.tuples(minutes, hours, days).map(" ".join)


def ticks_from(start: datetime, crons: tuple[str, ...], zone: str) -> Iterator[datetime]:
    """As a backfill from an instant on makes its runs."""
    timetable = MultipleCronTriggerTimetable(*crons, timezone=zone)
    restriction = TimeRestriction(earliest=pendulum.instance(start), latest=None, catchup=True)
    info = None
    while info := timetable.next_dagrun_info(last_automated_data_interval=info and info.data_interval, restriction=restriction):
        yield datetime.fromtimestamp(info.logical_date.timestamp(), UTC)


def windows_around(instant: datetime, crons: tuple[str, ...], zone: str, *, since: timedelta) -> list[tuple[datetime, datetime]]:
    """From tick to tick, where a clock is changed and some hours after that."""
    began, ended = instant - timedelta(hours=1), instant + timedelta(hours=3)
    pairs = pairwise(ticks_from(instant - since, crons, zone))
    return [pair for pair in takewhile(lambda pair: pair[0] < ended, pairs) if pair[1] > began]


@settings(deadline=None, max_examples=25)
@given(
    crons=st.lists(crons, min_size=1, max_size=2).map(tuple),
    change=st.sampled_from(CLOCKS_CHANGE),
    since=st.timedeltas(min_value=timedelta(hours=30), max_value=timedelta(hours=60)),
)
def test_windows_of_all_ticks_are_all_time_once(crons: tuple[str, ...], change: tuple[str, str], since: timedelta) -> None:
    zone, instant = change
    expected = windows_around(datetime.fromisoformat(instant), crons, zone, since=since)
    assert [find_window(crons, ZoneInfo(zone), tick) for _, tick in expected] == expected


HOURLY, DAILY = ("7 * * * *", "37 2 * * *"), ("37 2 * * *", "37 2 * * *")


@pytest.mark.parametrize(
    ("zone", "crons", "tick", "after"),
    [
        pytest.param("America/New_York", HOURLY, "2026-03-08T01:07-05:00", "2026-03-08T00:07-05:00", id="before-a-skipped-hour"),
        pytest.param("America/New_York", HOURLY, "2026-03-08T03:07-04:00", "2026-03-08T01:07-05:00", id="after-a-skipped-hour"),
        pytest.param("America/New_York", DAILY, "2026-03-08T03:37-04:00", "2026-03-07T02:37-05:00", id="of-a-skipped-time"),
        pytest.param("America/New_York", DAILY, "2026-03-09T02:37-04:00", "2026-03-08T03:37-04:00", id="the-day-after-a-skipped-time"),
        pytest.param("Europe/Berlin", HOURLY, "2026-10-25T02:07+02:00", "2026-10-25T01:07+02:00", id="first-of-two"),
        pytest.param("Europe/Berlin", HOURLY, "2026-10-25T02:07+01:00", "2026-10-25T02:07+02:00", id="second-of-two"),
        pytest.param("Europe/Berlin", DAILY, "2026-10-25T02:37+01:00", "2026-10-24T02:37+02:00", id="of-a-time-that-comes-twice"),
        pytest.param("Asia/Shanghai", HOURLY, "2026-11-28T03:07+08:00", "2026-11-28T02:37+08:00", id="clocks-that-stay"),
    ],
)
def test_window_begins_at_the_tick_before(zone: str, crons: tuple[str, ...], tick: str, after: str) -> None:
    until = datetime.fromisoformat(tick)
    assert find_window(crons, ZoneInfo(zone), until) == (datetime.fromisoformat(after), until)
