"""When the crons of a schedule tick, on instants: clocks that are put forward or back neither swallow a tick nor double one.

The rules are those of Airflow's `MultipleCronTriggerTimetable`, whose runs have to be told which time is theirs: crons are read on the
wall clock; a time that the clock skips is as much later as it skips; of a time that comes twice the second counts; a cron of every hour
goes on by the same distance as on the wall clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import croniter

_WELL_BEFORE = timedelta(days=1)
"""From so far back on, what a changed clock did to the ticks before is over."""


def find_window(crons: Sequence[str], zone: ZoneInfo, tick: datetime) -> tuple[datetime, datetime]:
    """The time since the tick of any of the crons before this one: after the first instant, until the second.

    Of all ticks together it is all time, and no instant twice.
    """
    *_, before = (other for other in _ticks_from(_find_start(crons, tick), crons, zone, until=tick) if other < tick)
    return before, tick


def find_last_tick(cron: str, zone: ZoneInfo, now: datetime) -> datetime:
    """The cron's last tick that is not later than now."""
    *_, last = _ticks_from(_find_start([cron], now), [cron], zone, until=now)
    return last


def _find_start(crons: Sequence[str], tick: datetime) -> datetime:
    """An instant well before another tick well before this one: from there on one follows the other. No clock is a day away from UTC's."""
    for _ in range(2):
        tick = max(croniter(cron, tick - _WELL_BEFORE).get_prev(datetime) for cron in crons)
    return tick


def _ticks_from(start: datetime, crons: Sequence[str], zone: ZoneInfo, *, until: datetime) -> Iterator[datetime]:
    tick = start
    while tick <= until:
        yield tick
        tick = min(_find_next(cron, zone, tick) for cron in crons)


def _find_next(cron: str, zone: ZoneInfo, tick: datetime) -> datetime:
    wall = _read_wall(tick, zone)
    ticks = croniter(cron, wall)
    scheduled: datetime = ticks.get_next(datetime)
    is_of_every_hour = ticks.expanded[1] == ["*"]
    return tick + (scheduled - wall) if is_of_every_hour else _set_wall(scheduled, zone)


def _read_wall(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)


def _set_wall(wall: datetime, zone: ZoneInfo) -> datetime:
    """Both readings of a time that is skipped or comes twice lead to the right one: it is the later one."""
    return max(wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
