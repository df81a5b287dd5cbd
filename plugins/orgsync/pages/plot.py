"""A number over time as the parts of an SVG picture: pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WIDTH, HEIGHT = 640, 240
LEFT, RIGHT, TOP, BOTTOM = 96, 596, 12, 206
MOST_TICKS = 5
MOST_TIMES = 6
ROUND = (1, 2, 5)


@dataclass(frozen=True)
class Point:
    """The number that held from an instant on."""

    at: datetime
    value: int


@dataclass(frozen=True)
class Tick:
    """Where on its axis, and what stands there."""

    place: float
    text: str


@dataclass(frozen=True)
class Plot:
    """`path` is the line; `across` are the ticks of time, `up` those of the number."""

    path: str
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT
    top: int = TOP
    bottom: int = BOTTOM


def draw(points: Sequence[Point], *, until: datetime, zone: ZoneInfo) -> Plot:
    """A line of steps, for a number holds until it changes. `points` are at least one, in the order of time."""
    start, end = points[0].at, max(until, points[-1].at, points[0].at + timedelta(seconds=1))
    values = [point.value for point in points]
    ticks = choose_ticks(min(values), max(values))
    low, high = ticks[0], ticks[-1]

    def across(at: datetime) -> float:
        return round(LEFT + (RIGHT - LEFT) * ((at - start) / (end - start)), 1)

    def up(value: int) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * (value - low) / (high - low), 1)

    first, *rest = points
    steps = [f"M{across(first.at):g} {up(first.value):g}"]
    steps += [f"H{across(point.at):g}V{up(point.value):g}" for point in rest]
    return Plot(
        path="".join([*steps, f"H{across(end):g}"]),
        across=tuple(Tick(across(at), text) for at, text in choose_times(start, end, zone)),
        up=tuple(Tick(up(value), f"{value:,}") for value in ticks),
    )


def choose_ticks(low: int, high: int) -> list[int]:
    """Round numbers that hold all values between the first and the last of them; at least two, from zero where that is not far."""
    if low < high * 0.6:
        low = min(low, 0)
    step = next(step for step in _list_steps() if high // step - low // step + 1 <= MOST_TICKS)
    first = low // step * step
    return list(range(first, max(-(-high // step) * step, first + step) + 1, step))


def _list_steps() -> Iterator[int]:
    power = 1
    while True:
        yield from (power * digit for digit in ROUND)
        power *= 10


def choose_times(start: datetime, end: datetime, zone: ZoneInfo) -> list[tuple[datetime, str]]:
    """Midnights where the plot spans days, else whole hours; none before the start."""
    span = end - start
    if span <= timedelta(days=2):
        hours = next(hours for hours in (1, 2, 4, 6, 12, 24) if span < timedelta(hours=hours * MOST_TIMES))
        begin = start.replace(minute=0, second=0, microsecond=0)
        moments = [begin + timedelta(hours=hours * place) for place in range(MOST_TIMES + 1)]
        return [(at, f"{at.astimezone(zone):%m-%d %H:%M}") for at in moments if start <= at <= end][:MOST_TIMES]
    days = next(days for days in _list_steps() if span < timedelta(days=days * MOST_TIMES))
    midnights = [_begin(start.astimezone(zone).date() + timedelta(days=days * place), zone) for place in range(MOST_TIMES + 2)]
    return [(at, f"{at:%Y-%m-%d}") for at in midnights if start <= at <= end][:MOST_TIMES]


def _begin(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)
