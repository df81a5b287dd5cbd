"""What is told to a channel now: each problem once, again after a day, and once that it is over. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from orgsync.alerts.notices import Event, Notice
from orgsync.alerts.problems import Identity
from orgsync.alerts.remembering import Standing

SETTLED = timedelta(minutes=10)
"""A problem is told when it has been there for so long: longer than Airflow waits between tries of a task, or a server takes to start."""
AGAIN = timedelta(hours=24)


@dataclass(frozen=True)
class Told:
    """What a channel was told last of a problem."""

    event: Event
    at: datetime


def choose_notices(standings: Iterable[Standing], told: Mapping[Identity, Told], *, now: datetime) -> list[Notice]:
    """For one channel, what it is to tell now: nothing twice, nothing of what came and went, and no end of what it never told."""
    chosen = ((standing, choose_event(standing, told.get(standing.problem.identity), now=now)) for standing in standings)
    return [Notice(standing.problem, event, now) for standing, event in chosen if event]


def choose_event(standing: Standing, told: Told | None, *, now: datetime) -> Event | None:
    knows = told is not None and told.event != "over"
    if standing.over_at is not None:
        return "over" if knows and standing.is_over(now) else None
    if not knows:
        return "new" if now - standing.first_seen_at >= SETTLED else None
    return "still" if told is not None and now - told.at >= AGAIN else None
