"""When a tenant is stale, by its own schedules."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from orgsync.alerts.patience import find_missed_tick
from orgsync.tenants import Tenant

HOURLY = Tenant(id="acme", platform="wecom", conn_id="acme", schedule="10 * * * *", full_schedule="40 2 * * *", timezone="UTC")
WEEKLY = replace(HOURLY, schedule="0 6 * * 1", full_schedule="0 6 * * 1")
WORKDAYS = replace(HOURLY, schedule="0 9-18 * * 1-5", full_schedule="0 9 * * 1-5")
MONDAY = datetime(2026, 11, 30, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("tenant", "last_good", "now", "due"),
    [
        pytest.param(HOURLY, MONDAY, MONDAY + 25 * HOUR, None, id="a day, and an hour more"),
        pytest.param(HOURLY, MONDAY, MONDAY + 26.5 * HOUR, MONDAY + timedelta(hours=1, minutes=10), id="an hourly tenant after a day"),
        pytest.param(WEEKLY, MONDAY, MONDAY + 6 * 24 * HOUR, None, id="a weekly tenant is not stale within its week"),
        pytest.param(WEEKLY, MONDAY, MONDAY + (7 * 24 + 24) * HOUR, None, id="nor on the day of its next read"),
        pytest.param(WEEKLY, MONDAY, MONDAY + (7 * 24 + 25) * HOUR, MONDAY + 7 * 24 * HOUR, id="but a day and an hour after that"),
        pytest.param(WORKDAYS, MONDAY - 60 * HOUR, MONDAY + 27 * HOUR, None, id="a weekend is no gap"),
        pytest.param(WEEKLY, MONDAY - timedelta(seconds=20), MONDAY + 48 * HOUR, None, id="a read just before its tick, by another clock"),
        pytest.param(
            replace(HOURLY, stale_after=2), MONDAY, MONDAY + 4 * HOUR, MONDAY + timedelta(hours=1, minutes=10), id="less patience"
        ),
    ],
)
def test_tenant_is_stale_when_a_read_was_due_long_ago_and_none_was_good_since(
    tenant: Tenant, last_good: datetime, now: datetime, due: datetime | None
) -> None:
    found = find_missed_tick(tenant, last_good, now=now)
    assert (found is not None) == (due is not None)
    if due:
        assert found is not None
        assert found >= due
        assert now - found >= timedelta(hours=tenant.stale_after)
