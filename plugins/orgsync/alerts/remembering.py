"""How problems stand over time: which are open, which are gone, and which were gone for so short a time that they never ended. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from orgsync.alerts.problems import Identity, Problem

GONE = timedelta(minutes=30)
"""A problem is over when it has been gone for so long: one that comes back before is the same one, and nobody hears of it."""
MOST_DOUBLINGS = 3
"""Each time that it comes back soon it has to be gone for twice as long, up to four hours: what fails every other hour is one problem."""
SOON = timedelta(hours=24)


@dataclass(frozen=True)
class Standing:
    """A problem as it was found last. `over_at` is since when it is not found any more; None while it is."""

    problem: Problem
    first_seen_at: datetime
    last_seen_at: datetime
    over_at: datetime | None = None
    returns: int = 0

    def is_over(self, now: datetime) -> bool:
        return self.over_at is not None and now - self.over_at >= GONE * 2 ** min(self.returns, MOST_DOUBLINGS)


def carry_on(
    known: Mapping[Identity, Standing], found: Iterable[Problem], *, was_looked_for: Callable[[Identity], bool], now: datetime
) -> dict[Identity, Standing]:
    """All that was known, with what was found now. What was not looked for stays as it is: that it was not found says nothing."""
    seen = {problem.identity: _meet(known.get(problem.identity), problem, now) for problem in found}
    missed = {identity: standing for identity, standing in known.items() if identity not in seen}
    return seen | {identity: _miss(standing, now) if was_looked_for(identity) else standing for identity, standing in missed.items()}


def _meet(before: Standing | None, problem: Problem, now: datetime) -> Standing:
    if before is None:
        return Standing(problem, now, now)
    if before.over_at is None:
        return replace(before, problem=_keep_since(before, problem), last_seen_at=now)
    came_back_soon = now - before.over_at < SOON
    if before.is_over(now):
        return Standing(problem, now, now, returns=before.returns + 1 if came_back_soon else 0)
    return replace(before, problem=_keep_since(before, problem), last_seen_at=now, over_at=None, returns=before.returns + 1)


def _keep_since(before: Standing, problem: Problem) -> Problem:
    return replace(problem, since=min(before.problem.since, problem.since))


def _miss(before: Standing, now: datetime) -> Standing:
    return before if before.over_at is not None else replace(before, over_at=now)
