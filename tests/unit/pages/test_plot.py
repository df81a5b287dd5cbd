from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgsync.pages.plot import BOTTOM, LEFT, MOST_TICKS, MOST_TIMES, RIGHT, TOP, Plot, Point, choose_ticks, choose_times, draw

SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 11, 1, 2, 37, tzinfo=UTC)
COUNTS = st.lists(st.integers(0, 2_000_000), min_size=1, max_size=60)


def plot(*values: int, days: float = 1, until: datetime | None = None) -> Plot:
    points = [Point(START + timedelta(days=days) * place, value) for place, value in enumerate(values)]
    return draw(points, until=until or START + timedelta(days=days) * len(values), zone=SHANGHAI)


def test_number_holds_until_it_changes() -> None:
    drawn = plot(10, 20, 15)
    width = RIGHT - LEFT
    heights = {tick.text: tick.place for tick in drawn.up}
    middle = round((heights["10"] + heights["20"]) / 2, 1)
    assert drawn.path == (
        f"M{LEFT} {heights['10']:g}H{round(LEFT + width / 3, 1):g}V{heights['20']:g}H{round(LEFT + width * 2 / 3, 1):g}V{middle:g}H{RIGHT}"
    )


def test_number_that_never_changed_is_a_straight_line() -> None:
    assert re.fullmatch(rf"M{LEFT} [\d.]+H{RIGHT}", plot(7).path)


def test_plot_of_one_instant_is_drawn_too() -> None:
    assert re.fullmatch(rf"M{LEFT} [\d.]+H{RIGHT}", plot(7, until=START).path)


@given(COUNTS, st.floats(0.001, 2000))
def test_line_stays_inside(values: list[int], days: float) -> None:
    drawn = plot(*values, days=days)
    assert all(LEFT <= float(x) <= RIGHT for x in re.findall(r"[MH]([\d.]+)", drawn.path))
    assert all(TOP <= float(y) <= BOTTOM for y in re.findall(r"[V ]([\d.]+)", drawn.path))
    assert all(LEFT <= tick.place <= RIGHT for tick in drawn.across)
    assert all(TOP <= tick.place <= BOTTOM for tick in drawn.up)
    assert len(drawn.across) <= MOST_TIMES


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_ticks_are_few_round_and_hold_all_values(one: int, other: int) -> None:
    low, high = sorted((one, other))
    ticks = choose_ticks(low, high)
    assert 2 <= len(ticks) <= MOST_TICKS + 1
    assert ticks[0] <= low <= high <= ticks[-1]
    [step] = {after - before for before, after in pairwise(ticks)}
    assert re.fullmatch("[125]0*", str(step))
    assert all(tick % step == 0 for tick in ticks)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        pytest.param(0, 0, [0, 1], id="nobody ever"),
        pytest.param(3, 90, [0, 20, 40, 60, 80, 100], id="from zero where it is near"),
        pytest.param(999_850, 1_000_120, [999_800, 999_900, 1_000_000, 1_000_100, 1_000_200], id="small changes of a large number"),
    ],
)
def test_ticks(low: int, high: int, ticks: list[int]) -> None:
    assert choose_ticks(low, high) == ticks


def test_days_begin_at_midnight_of_the_tenant() -> None:
    times = choose_times(START, START + timedelta(days=5), SHANGHAI)
    assert [text for _, text in times] == ["2026-11-02", "2026-11-03", "2026-11-04", "2026-11-05", "2026-11-06"]
    assert times[0][0] == datetime(2026, 11, 1, 16, tzinfo=UTC)


def test_a_day_is_told_in_hours() -> None:
    assert [text for _, text in choose_times(START, START + timedelta(hours=20), SHANGHAI)] == [
        "11-01 14:00",
        "11-01 18:00",
        "11-01 22:00",
        "11-02 02:00",
        "11-02 06:00",
    ]


@given(st.floats(1, 40_000))
def test_times_are_told_whatever_the_span(hours: float) -> None:
    end = START + timedelta(hours=hours)
    times = choose_times(START, end, SHANGHAI)
    assert len(times) <= MOST_TIMES
    assert all(START <= at <= end for at, _ in times)
    assert len({text for _, text in times}) == len(times)
    assert times or hours < 2
