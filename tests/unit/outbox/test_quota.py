"""What a platform's quotas allow, and until when the rest waits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgsync.outbox.quota import (
    MARGIN,
    MINUTE,
    MOST_URGENT,
    URGENT,
    Call,
    Gauge,
    Hold,
    Spent,
    Usage,
    day_start,
    find_hold,
    month_start,
    next_day,
    next_month,
    read_gauges,
    usage_since,
)
from orgsync.platforms.sending.messages import Limits

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)  # 20:00 in China
TOMORROW = datetime(2026, 11, 25, 16, tzinfo=UTC) + MARGIN
NEXT_MONTH = datetime(2026, 11, 30, 16, tzinfo=UTC) + MARGIN
NO_LIMITS = Limits(people_per_call=100)
MONTH = replace(NO_LIMITS, billable_calls_per_month=5000)
A_DAY = replace(NO_LIMITS, recipients_per_day=200, send_to_all_per_day=3)
A_MINUTE = replace(NO_LIMITS, people_per_minute=1500)


def spent(seconds_ago: float, *, calls: int = 1, people: int = 0) -> Spent:
    return Spent(NOW - timedelta(seconds=seconds_ago), calls, people)


def until(seconds_ago: float) -> datetime:
    return NOW - timedelta(seconds=seconds_ago) + MINUTE


def test_windows_are_a_little_longer_than_the_platforms() -> None:
    assert timedelta(seconds=1) <= MARGIN <= timedelta(seconds=5)
    assert timedelta(seconds=60) + MARGIN == MINUTE


def test_what_is_not_said_of_a_call() -> None:
    assert (Call().people, Call().calls, Call().to_all, Call().priority) == (0, 1, False, 5)
    assert (Spent(NOW).calls, Spent(NOW).people) == (0, 0)
    assert (URGENT, MOST_URGENT) == (7, 9)


def test_without_limits_nothing_waits() -> None:
    used = Usage((spent(1, calls=10**6, people=10**6),), 10**6, NOW, 10**9, 10**9, 10**9)
    assert find_hold(Call(people=10_000, to_all=True), used, NO_LIMITS, now=NOW) is None
    assert find_hold(Call(people=10_000), used, NO_LIMITS, now=NOW) is None
    assert read_gauges(used, NO_LIMITS, now=NOW) == []


class TestMonth:
    def test_used_up_waits_for_the_next_in_china(self) -> None:
        for_all = Hold(NEXT_MONTH, "this month's 5000 calls are used up; it goes on 2026-12-01, or with a larger edition", is_for_all=True)
        assert find_hold(Call(priority=9), Usage(calls_this_month=5000), MONTH, now=NOW) == for_all
        assert find_hold(Call(priority=9), Usage(calls_this_month=4999), MONTH, now=NOW) is None

    @pytest.mark.parametrize(("priority", "waits"), [(0, True), (6, True), (7, False), (9, False)])
    def test_the_last_tenth_is_for_what_is_urgent(self, priority: int, waits: bool) -> None:
        kept = Hold(NEXT_MONTH, "the last 500 of this month's 5000 calls are kept for priority 7 and above", is_for_all=True)
        assert find_hold(Call(priority=priority), Usage(calls_this_month=4500), MONTH, now=NOW) == (kept if waits else None)
        assert find_hold(Call(priority=priority), Usage(calls_this_month=4499), MONTH, now=NOW) is None

    def test_a_call_of_two_needs_two(self) -> None:
        assert find_hold(Call(calls=2, priority=9), Usage(calls_this_month=4998), MONTH, now=NOW) is None
        assert find_hold(Call(calls=2, priority=9), Usage(calls_this_month=4999), MONTH, now=NOW) is not None
        assert find_hold(Call(calls=2), Usage(calls_this_month=4498), MONTH, now=NOW) is None
        assert find_hold(Call(calls=2), Usage(calls_this_month=4499), MONTH, now=NOW) is not None

    def test_a_small_quota_keeps_whole_calls(self) -> None:
        small = replace(MONTH, billable_calls_per_month=19)
        assert find_hold(Call(), Usage(calls_this_month=17), small, now=NOW) is None
        held = find_hold(Call(), Usage(calls_this_month=18), small, now=NOW)
        assert held is not None
        assert held.reason.startswith("the last 1 of this month's 19 calls")


class TestDay:
    def test_everybody_waits_for_tomorrow_and_holds_no_other(self) -> None:
        held = Hold(TOMORROW, "3 messages to everybody are allowed in a day, and were sent", is_for_all=False)
        assert find_hold(Call(people=9, to_all=True), Usage(to_all_today=3), A_DAY, now=NOW) == held
        assert find_hold(Call(people=9, to_all=True), Usage(to_all_today=2), A_DAY, now=NOW) is None
        assert find_hold(Call(people=9), Usage(to_all_today=3), A_DAY, now=NOW) is None

    def test_recipients_let_a_smaller_call_pass(self) -> None:
        held = Hold(TOMORROW, "200 recipients are allowed in a day; 100 were reached", is_for_all=False)
        assert find_hold(Call(people=101), Usage(people_today=100), A_DAY, now=NOW) == held
        assert find_hold(Call(people=100), Usage(people_today=100), A_DAY, now=NOW) is None
        assert find_hold(Call(), Usage(people_today=200), A_DAY, now=NOW) is None
        assert find_hold(Call(people=1), Usage(people_today=200), A_DAY, now=NOW) is not None

    def test_the_month_is_told_before_the_day_and_the_day_before_the_minute(self) -> None:
        limits = replace(A_DAY, billable_calls_per_month=10, people_per_minute=10)
        call, used = Call(people=150, priority=9), Usage((spent(1, people=10),), people_today=100, calls_this_month=10)
        assert find_hold(call, used, limits, now=NOW) == Hold(NEXT_MONTH, find_reason(call, used, limits), is_for_all=True)
        used = replace(used, calls_this_month=0)
        assert "in a day" in find_reason(call, used, limits)
        assert "in a minute" in find_reason(call, replace(used, people_today=0), limits)


def find_reason(call: Call, usage: Usage, limits: Limits) -> str:
    held = find_hold(call, usage, limits, now=NOW)
    assert held is not None
    return held.reason


class TestMinute:
    def test_it_waits_until_enough_of_the_minute_is_over(self) -> None:
        usage = Usage((spent(50, people=100), spent(40, people=400), spent(20, people=950)))
        expected = {50: None, 51: 50, 150: 50, 151: 40, 550: 40, 551: 20, 1500: 20}
        for people, ago in expected.items():
            held = find_hold(Call(people=people), usage, A_MINUTE, now=NOW)
            assert held == (None if ago is None else Hold(until(ago), "1500 recipients are allowed in a minute", is_for_all=True))

    def test_in_whatever_order_it_was_used(self) -> None:
        usage = Usage((spent(20, people=950), spent(50, people=100), spent(40, people=450)))
        held = find_hold(Call(people=100), usage, A_MINUTE, now=NOW)
        assert held is not None
        assert held.until == until(50)

    def test_a_call_counts_until_a_minute_and_the_margin_after_its_end(self) -> None:
        for seconds_ago, waits in ((60, True), (61.9, True), (62, False), (63, False)):
            held = find_hold(Call(people=1), Usage((spent(seconds_ago, people=1500),)), A_MINUTE, now=NOW)
            assert (held is not None) == waits

    def test_everybody_does_not_count(self) -> None:
        full = Usage((spent(1, people=1500),))
        assert find_hold(Call(people=20_000, to_all=True), full, A_MINUTE, now=NOW) is None
        assert Usage().plus(Call(people=20_000, to_all=True), NOW).lately == (Spent(NOW, 1, 0),)

    def test_what_reaches_nobody_does_not_wait_for_receivers(self) -> None:
        assert find_hold(Call(), Usage((spent(1, people=1500),)), A_MINUTE, now=NOW) is None

    def test_what_is_larger_than_a_minute_has_one_for_itself(self) -> None:
        assert find_hold(Call(people=5000), Usage(), A_MINUTE, now=NOW) is None
        held = find_hold(Call(people=5000), Usage((spent(30, people=1), spent(10, people=1), spent(1, people=0))), A_MINUTE, now=NOW)
        assert held is not None
        assert held.until == until(10)

    def test_calls_are_limited_too(self) -> None:
        limits = replace(NO_LIMITS, calls_per_minute=10)
        usage = Usage((spent(30, calls=4), spent(10, calls=5)))
        assert find_hold(Call(), usage, limits, now=NOW) is None
        assert find_hold(Call(calls=2), usage, limits, now=NOW) == Hold(until(30), "10 calls are allowed in a minute", is_for_all=True)
        assert find_hold(Call(calls=3, people=0), Usage((spent(1, calls=10),)), limits, now=NOW) is not None

    def test_a_call_of_more_calls_than_a_minute_has_goes_alone(self) -> None:
        limits = replace(NO_LIMITS, calls_per_minute=2)
        assert find_hold(Call(calls=3), Usage(), limits, now=NOW) is None
        assert find_hold(Call(calls=3), Usage((spent(1),)), limits, now=NOW) is not None


class TestSecond:
    LIMITS = replace(NO_LIMITS, calls_per_second=20.0)

    def test_it_is_over_a_second_after_its_oldest_call(self) -> None:
        oldest = NOW - timedelta(seconds=0.4)
        held = find_hold(Call(), Usage(calls_this_second=20, oldest_in_second=oldest), self.LIMITS, now=NOW)
        assert held == Hold(oldest + timedelta(seconds=1), "20 calls are allowed in a second", is_for_all=True)
        assert find_hold(Call(), Usage(calls_this_second=19, oldest_in_second=oldest), self.LIMITS, now=NOW) is None

    def test_a_slow_pace_lets_one_call_go(self) -> None:
        slow = replace(NO_LIMITS, calls_per_second=0.5)
        assert find_hold(Call(calls=2), Usage(), slow, now=NOW) is None
        assert find_hold(Call(), Usage(calls_this_second=1, oldest_in_second=NOW), slow, now=NOW) is not None


def test_a_call_that_begins_is_used_everywhere() -> None:
    used = Usage().plus(Call(people=7, calls=2), NOW)
    assert used == Usage((Spent(NOW, 2, 7),), 2, NOW, 7, 0, 2)
    later = NOW + timedelta(seconds=1)
    assert used.plus(Call(people=3, to_all=True), later) == Usage((Spent(NOW, 2, 7), Spent(later, 1, 0)), 3, NOW, 10, 1, 3)


@given(
    st.lists(
        st.tuples(
            st.builds(Call, people=st.integers(0, 100), to_all=st.booleans(), calls=st.integers(1, 3), priority=st.integers(0, 9)),
            st.floats(0, 30),
        ),
        max_size=60,
    ),
    st.integers(10, 60),
    st.integers(100, 500),
)
def test_in_no_minute_is_more_than_allowed(calls: list[tuple[Call, float]], most_calls: int, most_people: int) -> None:
    """However calls come, and with the wait that each is told."""
    limits = replace(NO_LIMITS, calls_per_minute=most_calls, people_per_minute=most_people)
    usage, now = Usage(), NOW
    for call, pause in calls:
        now += timedelta(seconds=pause)
        while held := find_hold(call, usage, limits, now=now):
            assert held.until > now
            now = held.until
        usage = usage.plus(call, now)
    for last in usage.lately:
        minute = [each for each in usage.lately if last.at - MINUTE < each.at <= last.at]
        assert sum(each.calls for each in minute) <= most_calls
        assert sum(each.people for each in minute) <= most_people


@given(
    st.lists(st.builds(Call, people=st.integers(0, 100), to_all=st.booleans(), priority=st.integers(0, 9)), max_size=60),
    st.integers(10, 60),
)
def test_in_no_month_and_day_is_more_than_allowed(calls: list[Call], most: int) -> None:
    limits = replace(NO_LIMITS, billable_calls_per_month=most, recipients_per_day=10 * most, send_to_all_per_day=3)
    usage = Usage()
    for call in calls:
        if find_hold(call, usage, limits, now=NOW) is None:
            usage = usage.plus(call, NOW)
    assert usage.calls_this_month <= most
    assert usage.people_today <= 10 * most
    assert usage.to_all_today <= 3


class TestCalendar:
    MIDNIGHT = datetime(2026, 12, 31, 16, tzinfo=UTC)  # New Year in China

    def test_days_and_months_are_chinas(self) -> None:
        eve = self.MIDNIGHT - timedelta(minutes=1)
        assert next_day(eve) == next_month(eve) == self.MIDNIGHT + MARGIN
        assert day_start(eve) == self.MIDNIGHT - timedelta(days=1) - MARGIN
        assert month_start(eve) == datetime(2026, 11, 30, 16, tzinfo=UTC) - MARGIN
        morning = self.MIDNIGHT + timedelta(minutes=1)
        assert next_day(morning) == self.MIDNIGHT + timedelta(days=1) + MARGIN
        assert next_month(morning) == datetime(2027, 1, 31, 16, tzinfo=UTC) + MARGIN
        assert day_start(morning) == month_start(morning) == self.MIDNIGHT - MARGIN

    def test_a_day_begins_at_its_first_instant(self) -> None:
        odd = NOW + timedelta(seconds=7, microseconds=890)
        assert (day_start(odd), month_start(odd), next_day(odd)) == (day_start(NOW), month_start(NOW), next_day(NOW))

    def test_every_month_has_a_next_one(self) -> None:
        for month in range(1, 13):
            of = datetime(2027, month, 15, tzinfo=UTC)
            following = datetime(2027 + month // 12, month % 12 + 1, 1, tzinfo=UTC) - timedelta(hours=8)
            assert next_month(of) == following + MARGIN

    def test_at_midnight_it_may_be_either_day_there(self) -> None:
        """A platform's clock is a little ahead of ours, or behind."""
        just_after = self.MIDNIGHT + MARGIN / 2
        assert day_start(just_after) == self.MIDNIGHT - timedelta(days=1) - MARGIN
        assert next_day(just_after) == self.MIDNIGHT + MARGIN
        assert day_start(self.MIDNIGHT + MARGIN) == self.MIDNIGHT - MARGIN

    def test_no_more_is_read_than_a_platform_counts(self) -> None:
        assert usage_since(MONTH, now=NOW) == month_start(NOW)
        assert usage_since(replace(A_DAY, send_to_all_per_day=0), now=NOW) == day_start(NOW)
        assert usage_since(replace(A_DAY, recipients_per_day=0), now=NOW) == day_start(NOW)
        assert usage_since(replace(A_DAY, billable_calls_per_month=1), now=NOW) == month_start(NOW)
        assert usage_since(A_MINUTE, now=NOW) == NOW - MINUTE

    @pytest.mark.parametrize("limits", [MONTH, A_DAY])
    def test_the_last_minute_is_always_read(self, limits: Limits) -> None:
        just_after = self.MIDNIGHT + 2 * MARGIN
        assert usage_since(limits, now=just_after) == just_after - MINUTE


class TestGauges:
    @pytest.mark.parametrize(
        ("used", "warning"),
        [
            (3999, ""),
            (4000, "80% are used"),
            (4499, "90% are used"),
            (4500, "only what has priority 7 or more is sent until next month"),
            (4999, "only what has priority 7 or more is sent until next month"),
            (5000, "used up: nothing is sent until next month; a larger edition or an add-on lifts it"),
            (5001, "used up: nothing is sent until next month; a larger edition or an add-on lifts it"),
        ],
    )
    def test_that_of_the_month_warns_in_time(self, used: int, warning: str) -> None:
        expected = Gauge("billable calls this month", used, 5000, NEXT_MONTH, warning)
        assert read_gauges(Usage(calls_this_month=used), MONTH, now=NOW) == [expected]

    def test_each_limit_that_is_known_has_one(self) -> None:
        limits = replace(A_DAY, people_per_minute=1500, calls_per_minute=1000)
        usage = Usage(
            (spent(70, calls=9, people=9), spent(50, calls=1, people=80), spent(20, calls=2, people=100)), people_today=150, to_all_today=2
        )
        assert read_gauges(usage, limits, now=NOW) == [
            Gauge("recipients today", 150, 200, TOMORROW),
            Gauge("messages to everybody today", 2, 3, TOMORROW),
            Gauge("recipients this minute", 180, 1500, until(20)),
            Gauge("calls this minute", 3, 1000, until(20)),
        ]

    def test_what_is_a_minute_and_the_margin_old_is_over(self) -> None:
        [gauge] = read_gauges(Usage((spent(MINUTE.total_seconds(), people=9), spent(61, people=2))), A_MINUTE, now=NOW)
        assert (gauge.used, gauge.renewed_at) == (2, until(61))

    def test_a_minute_in_which_nothing_was_used_is_new_at_once(self) -> None:
        [gauge] = read_gauges(Usage(), A_MINUTE, now=NOW)
        assert (gauge.used, gauge.renewed_at) == (0, NOW)
