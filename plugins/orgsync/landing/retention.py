"""Which snapshots of a tenant are kept: all at first, then one a day, then one a month."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from orgsync.tenants.stanza import Retention


class Snapshot(Protocol):
    """What the decision needs to know of one. `is_loaded`: history is made of it. `is_loadable`: it is, or it still could be; what was
    rejected or taken out, is another company's, or was not complete and never loaded, is not. `is_whole`: it is about everybody, and not
    about some alone. `is_full`: nothing was left out as dear."""

    @property
    def taken_at(self) -> datetime: ...
    @property
    def is_loaded(self) -> bool: ...
    @property
    def is_loadable(self) -> bool: ...
    @property
    def is_whole(self) -> bool: ...
    @property
    def is_complete(self) -> bool: ...
    @property
    def is_full(self) -> bool: ...


S = TypeVar("S", bound=Snapshot)


def list_expired(snapshots: Iterable[S], retention: Retention, *, now: datetime, timezone: ZoneInfo) -> list[S]:
    """The snapshots to remove, oldest first.

    Of a day or month in the tenant's timezone one stays: of those that history is made of if there are any, else of those that could
    still be loaded; of these whole reads come before targeted ones, the complete ones first, then the full ones (the last read of a day
    usually is a frequent one, which lacks what only full reads hold), then the last. What can never be loaded stands for no day, so of a
    day that has no other nothing stays. The newest whole read that history is made of stays whatever its age, or where there is none, the
    newest that could be loaded. What lies in the future (a clock was wrong) stays too, and stands for no day until then.
    """

    def day_of(snapshot: S) -> date:
        return snapshot.taken_at.astimezone(timezone).date()

    def is_kept(snapshot: S) -> bool:
        day = day_of(snapshot)
        days, months = (today - day).days, _count_months(today) - _count_months(day)
        for_its_day = snapshot is best_of_day.get(day) and days <= retention.daily_days
        for_its_month = snapshot is best_of_month.get(_count_months(day)) and (
            retention.monthly_months is None or months <= retention.monthly_months
        )
        return snapshot is newest or days <= retention.all_days or for_its_day or for_its_month

    today = now.astimezone(timezone).date()
    past = sorted((snapshot for snapshot in snapshots if snapshot.taken_at <= now), key=lambda snapshot: snapshot.taken_at)
    by_worth = sorted((snapshot for snapshot in past if snapshot.is_loadable), key=_worth)  # stable: the last of equals comes last
    newest = max(by_worth, key=lambda snapshot: (*_worth(snapshot)[:3], snapshot.taken_at), default=None)
    best_of_day = {day_of(snapshot): snapshot for snapshot in by_worth}
    best_of_month = {_count_months(day_of(snapshot)): snapshot for snapshot in by_worth}
    return [snapshot for snapshot in past if not is_kept(snapshot)]


def _worth(snapshot: Snapshot) -> tuple[bool, bool, bool, bool]:
    return snapshot.is_loaded, snapshot.is_whole, snapshot.is_complete, snapshot.is_full


def _count_months(day: date) -> int:
    return day.year * 12 + day.month
