"""What one person may get: who has had as many messages as the platform allows, and what becomes of a call that is for them too."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orgsync.outbox.quota import MARGIN
from orgsync.platforms.sending.messages import Limits

HELD = "its people have had as many messages as the platform allows a person for now"
WORTH_WAITING = timedelta(minutes=5)
"""A call that does not name its people waits so long for those who may get no more; who waits longer gets a call of their own."""
A_MOMENT = timedelta(seconds=5)
"""So long a call waits in any case: two would not be faster."""


@dataclass(frozen=True)
class PersonLimit:
    """So many messages in any stretch of time that is so long."""

    most: int
    span: timedelta


@dataclass(frozen=True)
class Near:
    """Somebody who is at a limit, or will be by the calls that are to be made now.

    Until then they may get no more, by the limit of that span; None: they may get one.
    """

    user_id: str
    until: datetime | None
    span: timedelta | None = None


@dataclass(frozen=True)
class Portion:
    """People who are to be in a call of their own, that waits until then."""

    user_ids: tuple[str, ...]
    until: datetime


def person_limits(limits: Limits) -> list[PersonLimit]:
    """Windows a little longer than the platform's, which it may begin at another time than we do."""
    allowed = (
        (limits.messages_per_person_per_second, timedelta(seconds=1)),
        (limits.messages_per_person_per_minute, timedelta(minutes=1)),
        (limits.messages_per_person_per_hour, timedelta(hours=1)),
        (limits.messages_per_person_per_day, timedelta(days=1)),
    )
    return [PersonLimit(most, span + min(MARGIN, span / 10)) for most, span in allowed if most]


def divide(
    near: Sequence[Near], *, people: int, is_named: bool, is_in_doubt: bool, now: datetime
) -> tuple[datetime | None, Sequence[Portion]]:
    """Until when a call to so many people waits as it is (None: it need not), and who of them is to be in another.

    People who are named are taken out, so that the others need not wait more than a moment, one call for all whom the same limit holds. One
    that may have gone out is made again as it was: platforms know it by that. Departments and everybody wait a while; who would hold them
    longer gets it apart, since the platform will leave them out.
    """
    held = [each for each in near if each.until and each.until > now]
    latest = max((each.until for each in held if each.until), default=None)
    if latest is None or is_in_doubt or latest - now <= A_MOMENT:
        return latest, []
    if is_named:
        return _divide_named(held, people=people)
    long_held = [each for each in held if each.until and each.until - now > WORTH_WAITING]
    if long_held and len(long_held) < people:
        return None, _portions(long_held)
    return latest, []


def _divide_named(held: Sequence[Near], *, people: int) -> tuple[datetime | None, Sequence[Portion]]:
    """Where nobody is free, those who are held for the shortest time keep the call."""
    portions = _portions(held)
    if len(held) < people:
        return None, portions
    return portions[0].until, portions[1:]


def _portions(held: Sequence[Near]) -> list[Portion]:
    """Those of a limit together, until all of them may; the soonest first."""
    by_span: defaultdict[timedelta | None, list[Near]] = defaultdict(list)
    for each in held:
        by_span[each.span].append(each)
    portions = [
        Portion(tuple(each.user_id for each in together), max(each.until for each in together if each.until))
        for together in by_span.values()
    ]
    return sorted(portions, key=lambda portion: portion.until)
