"""When a call is tried again, and when a platform is asked what became of one."""

from __future__ import annotations

from datetime import datetime, timedelta

MOST_ATTEMPTS = 12
"""Over some six hours; a platform that is away longer needs a person."""

_LONGEST_WAIT = timedelta(hours=1)
_RESULT_WAITS = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))


def next_attempt_at(attempts: int, *, now: datetime, asked_seconds: float | None = None) -> datetime:
    """Back off 1, 16, 81, 256 … seconds, one hour at most, and never less than the platform asked for."""
    wait = min(timedelta(seconds=attempts**4), _LONGEST_WAIT)
    return now + max(wait, timedelta(seconds=asked_seconds or 0))


def next_results_at(times_asked: int, *, sent_at: datetime, now: datetime, result_hours: int) -> datetime | None:
    """Soon, then ever more rarely; None when the platform would not tell any more, or has been asked often enough."""
    if times_asked >= len(_RESULT_WAITS):
        return None
    at = now + _RESULT_WAITS[times_asked]
    return at if at <= sent_at + timedelta(hours=result_hours) else None
