"""What a platform's quotas still allow, and until when a call that they do not allow has to wait.

A platform counts a call when it arrives, which is some time between our beginning and our end of it. So a call counts from when it began
until its window has passed after its end: one that is under way counts as if it ended now.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from orgsync.platforms.sending.messages import Limits

# All three count their days and months there.
PLATFORM_TIMEZONE = ZoneInfo("Asia/Shanghai")

URGENT, MOST_URGENT = 7, 9
RESERVED_SHARE = 0.1
"""Of the calls of a month: the last tenth is for what is urgent."""
WARNING_SHARE = 0.8


MARGIN = timedelta(seconds=2)
"""Every window is so much longer here than the platform's, whose clock is another one and whose seconds begin at another time."""
MINUTE = timedelta(minutes=1) + MARGIN
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Spent:
    """Calls that ended at one time, and the receivers of those that were not to everybody."""

    at: datetime
    calls: int = 0
    people: int = 0


@dataclass(frozen=True)
class Usage:
    """What a tenant has used in the windows that end now; days and months are the platform's calendar's. `lately` is of the last minute."""

    lately: tuple[Spent, ...] = ()
    calls_this_second: int = 0
    oldest_in_second: datetime | None = None
    people_today: int = 0
    to_all_today: int = 0
    calls_this_month: int = 0

    def plus(self, call: Call, now: datetime) -> Usage:
        """With a call that begins now."""
        return Usage(
            (*self.lately, Spent(now, call.calls, 0 if call.to_all else call.people)),
            self.calls_this_second + call.calls,
            self.oldest_in_second or now,
            self.people_today + call.people,
            self.to_all_today + call.to_all,
            self.calls_this_month + call.calls,
        )


@dataclass(frozen=True)
class Call:
    """What a call would use. `people` are receivers of a send, 0 for a recall or a question."""

    people: int = 0
    to_all: bool = False
    calls: int = 1
    priority: int = 5


@dataclass(frozen=True)
class Hold:
    """It may not go before `until`. `is_for_all` says that no call of this priority or a lower one may, whatever it is."""

    until: datetime
    reason: str
    is_for_all: bool = True


@dataclass(frozen=True)
class Gauge:
    """One quota as a person sees it: `used` of `most`, and when it is new. `warning` is what is to be done about it, if anything."""

    name: str
    used: int
    most: int
    renewed_at: datetime
    warning: str = ""


def find_hold(call: Call, usage: Usage, limits: Limits, *, now: datetime) -> Hold | None:
    """Why this call may not be made now; the longest wait is told first."""
    month, day = next_month(now), next_day(now)
    if limits.billable_calls_per_month:
        most = limits.billable_calls_per_month
        kept = _reserved(most)
        if usage.calls_this_month + call.calls > most:
            return Hold(month, f"this month's {most} calls are used up; it goes on {_on(month)}, or with a larger edition")
        if call.priority < URGENT and usage.calls_this_month + call.calls > most - kept:
            return Hold(month, f"the last {kept} of this month's {most} calls are kept for priority {URGENT} and above")
    if limits.send_to_all_per_day and call.to_all and usage.to_all_today + 1 > limits.send_to_all_per_day:
        return Hold(day, f"{limits.send_to_all_per_day} messages to everybody are allowed in a day, and were sent", is_for_all=False)
    if limits.recipients_per_day and call.people and usage.people_today + call.people > limits.recipients_per_day:
        return Hold(
            day, f"{limits.recipients_per_day} recipients are allowed in a day; {usage.people_today} were reached", is_for_all=False
        )
    return _find_pause(call, usage, limits, now=now)


def _find_pause(call: Call, usage: Usage, limits: Limits, *, now: datetime) -> Hold | None:
    """The platform's pace. A call larger than a whole minute's people has the minute for itself: it cannot be made smaller.

    Everybody has a quota of its own, and does not count in the minute.
    """
    if limits.people_per_minute and call.people and not call.to_all:
        most = limits.people_per_minute
        if until := _find_room(usage.lately, lambda spent: spent.people, room=max(most - call.people, 0), now=now):
            return Hold(until, f"{most} recipients are allowed in a minute")
    if limits.calls_per_minute:
        most = limits.calls_per_minute
        if until := _find_room(usage.lately, lambda spent: spent.calls, room=max(most - call.calls, 0), now=now):
            return Hold(until, f"{most} calls are allowed in a minute")
    if limits.calls_per_second and usage.calls_this_second + call.calls > max(limits.calls_per_second, call.calls):
        return Hold((usage.oldest_in_second or now) + SECOND, f"{limits.calls_per_second:g} calls are allowed in a second")
    return None


def _find_room(lately: Sequence[Spent], amount: Callable[[Spent], int], *, room: int, now: datetime) -> datetime | None:
    """When no more than `room` of the minute is used; None if that is so now."""
    counted = sorted((spent for spent in lately if spent.at + MINUTE > now), key=lambda spent: spent.at)
    used, until = sum(map(amount, counted)), None
    for spent in counted:
        if used <= room:
            break
        used -= amount(spent)
        until = spent.at + MINUTE
    return until


def read_gauges(usage: Usage, limits: Limits, *, now: datetime) -> list[Gauge]:
    """The quotas of this tenant's platform that are known, for `orgsync quota`."""
    gauges = []
    if limits.billable_calls_per_month:
        most, used = limits.billable_calls_per_month, usage.calls_this_month
        gauges.append(Gauge("billable calls this month", used, most, next_month(now), _warn_of_month(used, most)))
    if limits.recipients_per_day:
        gauges.append(Gauge("recipients today", usage.people_today, limits.recipients_per_day, next_day(now)))
    if limits.send_to_all_per_day:
        gauges.append(Gauge("messages to everybody today", usage.to_all_today, limits.send_to_all_per_day, next_day(now)))
    lately = [spent for spent in usage.lately if spent.at + MINUTE > now]
    minute = max((spent.at + MINUTE for spent in lately), default=now)
    if limits.people_per_minute:
        gauges.append(Gauge("recipients this minute", sum(spent.people for spent in lately), limits.people_per_minute, minute))
    if limits.calls_per_minute:
        gauges.append(Gauge("calls this minute", sum(spent.calls for spent in lately), limits.calls_per_minute, minute))
    return gauges


def usage_since(limits: Limits, *, now: datetime) -> datetime:
    """What ended before is of no window that this platform has."""
    if limits.billable_calls_per_month:
        return min(month_start(now), now - MINUTE)
    if limits.recipients_per_day or limits.send_to_all_per_day:
        return min(day_start(now), now - MINUTE)
    return now - MINUTE


def day_start(now: datetime) -> datetime:
    """What ended since then may count in the platform's day, which may still be yesterday's."""
    return _midnight(now) - MARGIN


def month_start(now: datetime) -> datetime:
    return _midnight(now).replace(day=1) - MARGIN


def next_day(now: datetime) -> datetime:
    """When the platform's next day has surely begun."""
    return _midnight(now) + timedelta(days=1) + MARGIN


def next_month(now: datetime) -> datetime:
    return (_midnight(now).replace(day=1) + timedelta(days=32)).replace(day=1) + MARGIN


def _midnight(now: datetime) -> datetime:
    return (now - MARGIN).astimezone(PLATFORM_TIMEZONE).replace(hour=0, minute=0, second=0, microsecond=0)


def _warn_of_month(used: int, most: int) -> str:
    if used >= most:
        return "used up: nothing is sent until next month; a larger edition or an add-on lifts it"
    if used >= most - _reserved(most):
        return f"only what has priority {URGENT} or more is sent until next month"
    return f"{used / most:.0%} are used" if used >= most * WARNING_SHARE else ""


def _reserved(most: int) -> int:
    return int(most * RESERVED_SHARE)


def _on(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d}"
