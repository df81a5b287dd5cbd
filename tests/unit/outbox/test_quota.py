"""What a platform's quotas allow, and until when the rest waits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgsync.outbox.quota import Call, Usage, find_hold, next_day, next_month, read_gauges
from orgsync.platforms.messages import Limits

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)  # 20:00 in China
NO_LIMITS = Limits(people_per_call=100)
MONTH = replace(NO_LIMITS, billable_calls_per_month=5000)


def test_without_limits_nothing_waits() -> None:
    assert find_hold(Call(people=10_000, to_all=True), Usage(calls_this_month=10**9), NO_LIMITS, now=NOW) is None


def test_a_used_up_month_waits_for_the_next_in_china() -> None:
    held = find_hold(Call(priority=9), Usage(calls_this_month=5000), MONTH, now=NOW)
    assert held is not None
    assert held.until == datetime(2026, 11, 30, 16, tzinfo=UTC)
    assert "5000 calls are used up; it goes on 2026-12-01" in held.reason


@pytest.mark.parametrize(("priority", "waits"), [(0, True), (6, True), (7, False), (9, False)])
def test_the_last_tenth_of_a_month_is_for_what_is_urgent(priority: int, waits: bool) -> None:
    assert (find_hold(Call(priority=priority), Usage(calls_this_month=4500), MONTH, now=NOW) is not None) == waits
    assert find_hold(Call(priority=priority), Usage(calls_this_month=4499), MONTH, now=NOW) is None


def test_a_call_of_two_needs_two() -> None:
    assert find_hold(Call(calls=2, priority=9), Usage(calls_this_month=4999), MONTH, now=NOW) is not None


def test_everybody_waits_for_tomorrow_and_holds_no_other() -> None:
    limits = replace(NO_LIMITS, send_to_all_per_day=3)
    held = find_hold(Call(people=9, to_all=True), Usage(to_all_today=3), limits, now=NOW)
    assert held is not None
    assert (held.until, held.is_for_all) == (datetime(2026, 11, 25, 16, tzinfo=UTC), False)
    assert find_hold(Call(people=9), Usage(to_all_today=3), limits, now=NOW) is None


def test_recipients_of_a_day_let_a_smaller_call_pass() -> None:
    limits = replace(NO_LIMITS, recipients_per_day=200)
    assert find_hold(Call(people=101), Usage(people_today=100), limits, now=NOW) is not None
    assert find_hold(Call(people=100), Usage(people_today=100), limits, now=NOW) is None
    assert find_hold(Call(), Usage(people_today=200), limits, now=NOW) is None


def test_a_minute_is_over_when_its_oldest_call_is_a_minute_old() -> None:
    limits = replace(NO_LIMITS, people_per_minute=1500)
    usage = Usage(people_this_minute=1450, oldest_in_minute=NOW - timedelta(seconds=40))
    held = find_hold(Call(people=51), usage, limits, now=NOW)
    assert held is not None
    assert held.until == NOW + timedelta(seconds=20)
    assert find_hold(Call(people=50), usage, limits, now=NOW) is None


def test_everybody_does_not_count_in_a_minute() -> None:
    limits = replace(NO_LIMITS, people_per_minute=1500)
    assert find_hold(Call(people=20_000, to_all=True), Usage(people_this_minute=1500), limits, now=NOW) is None
    assert Usage().plus(Call(people=20_000, to_all=True), NOW).people_this_minute == 0


def test_what_is_larger_than_a_minute_has_one_for_itself() -> None:
    limits = replace(NO_LIMITS, people_per_minute=1500)
    assert find_hold(Call(people=5000), Usage(), limits, now=NOW) is None


@given(
    st.lists(
        st.builds(Call, people=st.integers(0, 100), to_all=st.booleans(), calls=st.integers(1, 2), priority=st.integers(0, 9)), max_size=60
    ),
    st.integers(10, 60),
    st.integers(100, 500),
)
def test_what_is_allowed_keeps_to_every_limit(calls: list[Call], most_calls: int, most_people: int) -> None:
    limits = replace(
        NO_LIMITS,
        billable_calls_per_month=most_calls,
        calls_per_minute=most_calls // 2,
        people_per_minute=most_people,
        recipients_per_day=2 * most_people,
        send_to_all_per_day=3,
    )
    usage = Usage()
    for call in calls:
        if find_hold(call, usage, limits, now=NOW) is None:
            usage = usage.plus(call, NOW)
    assert usage.calls_this_month <= most_calls
    assert usage.calls_this_minute <= most_calls // 2
    assert usage.people_this_minute <= most_people
    assert usage.people_today <= 2 * most_people
    assert usage.to_all_today <= 3


def test_days_and_months_are_chinas() -> None:
    eve = datetime(2026, 12, 31, 15, 59, tzinfo=UTC)
    assert next_day(eve) == next_month(eve) == datetime(2026, 12, 31, 16, tzinfo=UTC)
    assert next_month(eve + timedelta(minutes=1)) == datetime(2027, 1, 31, 16, tzinfo=UTC)


@pytest.mark.parametrize(("used", "warning"), [(3999, ""), (4000, "80% are used"), (4500, "priority 7"), (5000, "used up")])
def test_the_gauge_of_the_month_warns_in_time(used: int, warning: str) -> None:
    [gauge] = read_gauges(Usage(calls_this_month=used), MONTH, now=NOW)
    assert (gauge.used, gauge.most, gauge.renewed_at) == (used, 5000, next_month(NOW))
    assert warning in gauge.warning
    assert bool(gauge.warning) == bool(warning)
