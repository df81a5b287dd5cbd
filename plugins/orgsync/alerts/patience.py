"""How long a tenant may go without a good sync, by its own schedules. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from orgsync.sync.ticks import find_last_tick
from orgsync.tenants import Tenant

SLACK = timedelta(minutes=5)
"""A read may be taken that little before its tick: the scheduler's clock is another one than the warehouse's."""


def find_missed_tick(tenant: Tenant, last_good: datetime, *, now: datetime) -> datetime | None:
    """The last read that was due `stale_after` hours ago or earlier, if no good one was made since; None where one was.

    So a tenant that is read once a week is not stale for six days of it.
    """
    patience = timedelta(hours=tenant.stale_after)
    if now - last_good <= patience:
        return None
    zone = ZoneInfo(tenant.timezone)
    due = max(find_last_tick(cron, zone, now - patience) for cron in {tenant.schedule, tenant.full_schedule})
    return due if last_good < due - SLACK else None
