"""The instants that pages are asked for: pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from orgsync.errors import ConfigurationError


@dataclass(frozen=True)
class Moment:
    """A day, by whose end something held, or an instant; `text` is as the address says it, empty for now."""

    text: str = ""
    instant: datetime | None = None

    def __bool__(self) -> bool:
        return self.instant is not None

    @property
    def sql(self) -> Any:
        """For a statement: what holds now is what no later instant ends."""
        return self.instant or "infinity"

    @property
    def day(self) -> str:
        """For a field of a form; empty for now."""
        return self.text[:10]


NOW = Moment()


def read_moment(text: str, timezone: str) -> Moment:
    """A day (`2026-11-01`) means its last microsecond in the tenant's time zone; an instant needs an offset (`2026-11-01T02:37:00Z`).

    Raises ConfigurationError for what is neither.
    """
    text = text.strip()
    if not text:
        return NOW
    try:
        if len(text) == len("2026-11-01"):
            after = date.fromisoformat(text) + timedelta(days=1)
            return Moment(text, datetime.combine(after, time(), ZoneInfo(timezone)) - timedelta(microseconds=1))
        instant = datetime.fromisoformat(text.replace(" ", "+"))  # a plus sign that an address was not quoted for
    except (ValueError, OverflowError):
        instant = None
    if instant is None or instant.tzinfo is None:
        raise ConfigurationError(f"{text!r} is neither a day such as 2026-11-01 nor an instant such as 2026-11-01T02:37:00Z")
    return Moment(text, instant)


def order_moments(one: Moment, other: Moment) -> tuple[Moment, Moment]:
    """The earlier one first; now is later than all."""
    if not one or (other and other.instant and one.instant and one.instant > other.instant):
        return other, one
    return one, other


def begin_day(text: str, timezone: str) -> datetime:
    """Its first instant in the tenant's time zone. Raises ConfigurationError for what is no day."""
    try:
        return datetime.combine(date.fromisoformat(text), time(), ZoneInfo(timezone))
    except ValueError:
        raise ConfigurationError(f"{text!r} is no day such as 2026-11-01") from None


def just_after(instant: datetime) -> datetime | str:
    """For a statement: the least that is later; infinity after the last that there is."""
    try:
        return instant + timedelta(microseconds=1)
    except OverflowError:
        return "infinity"
