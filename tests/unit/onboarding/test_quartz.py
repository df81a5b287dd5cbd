"""A Quartz expression means the same as a cron expression, or is refused with the reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from croniter import croniter
from hypothesis import given, settings
from hypothesis import strategies as st

from orgsync.errors import ConfigurationError
from orgsync.onboarding.quartz import MONTHS, WEEKDAYS, Translated, translate_quartz

START = datetime(2026, 2, 27, tzinfo=UTC)
MINUTES = 60 * 24 * 9


@pytest.mark.parametrize(
    ("quartz", "cron", "second"),
    [
        ("10 0/10 * * * ?", "*/10 * * * *", 10),  # O2OA's syncCron as it comes
        ("10 45 8,12 * * ?", "45 8,12 * * *", 10),  # and its forceSyncCron
        ("0 0 2 * * ?", "0 2 * * *", 0),
        ("0 5/20 9-17 ? * MON-FRI", "5,25,45 9-17 * * 1-5", 0),
        ("0 0 22-2 ? * SAT-MON", "0 0,1,2,22,23 * * 0,1,6", 0),
        ("0 0 0 1 1/3 ? *", "0 0 1 */3 *", 0),
        ("0 0 0 ? 1,7 1", "0 0 * 1,7 0", 0),
        ("0 0 3 ? * 2/2", "0 3 * * 1,3,5", 0),
        ("0 * * * * *", "* * * * *", 0),
    ],
)
def test_schedule_is_carried_over(quartz: str, cron: str, second: int) -> None:
    assert translate_quartz(quartz) == Translated(cron, second)
    assert translate_quartz(quartz.lower()) == Translated(cron, second)


@pytest.mark.parametrize(
    ("quartz", "why"),
    [
        ("0/30 * * * * ?", "several times a minute"),
        ("0 0 0 L * ?", "the last, the nearest working or the n-th day"),
        ("0 0 0 15W * ?", "the last, the nearest working or the n-th day"),
        ("0 0 0 ? * 6#3", "the last, the nearest working or the n-th day"),
        ("0 0 0 ? * 6L", "the last, the nearest working or the n-th day"),
        ("0 0 0 1 * MON", "days of the month and of the week"),
        ("0 0 0 1 1 ? 2027", "names years"),
        ("*/5 * * * *", "has 5 fields"),
        ("0 60 * * * ?", "from 0 to 59"),
        ("0 0 0 ? * 0", "from 1 to 7"),
        ("0 0/0 * * * ?", "leads nowhere"),
        ("0 0 H * * ?", "'H'"),
        ("0 0 ٣ * * ?", "cron cannot"),
        ("", "has 0 fields"),
    ],
)
def test_what_cron_cannot_say_is_refused_with_the_reason(quartz: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        translate_quartz(quartz)


def parts(first: int, last: int, names: tuple[str, ...] = ()) -> st.SearchStrategy[str]:
    """One part of a field: a value, a range (also over the end), with or without a step."""
    value = st.integers(first, last).map(str) | (st.sampled_from(names) if names else st.nothing())
    spans = st.just("*") | value | st.tuples(value, value).map("-".join)
    return spans | st.tuples(spans, st.integers(1, 20).map(str)).map("/".join)


def fields(first: int, last: int, names: tuple[str, ...] = ()) -> st.SearchStrategy[str]:
    return st.lists(parts(first, last, names), min_size=1, max_size=3).map(",".join)


def means(text: str, first: int, last: int, names: tuple[str, ...] = ()) -> set[int]:
    """What Quartz takes a field for, value by value and step by step."""
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        start, _, end = ("", "", "") if span == "*" else span.partition("-")
        number = lambda word: names.index(word) + first if word in names else int(word)  # noqa: E731
        low = first if span == "*" else number(start)
        high = last if span == "*" or (step and not end) else number(end) if end else low
        value, left = low, 0
        while True:
            if left == 0:
                found.add(value)
                left = int(step or 1)
            left -= 1
            if value == high:
                break
            value = first if value == last else value + 1
    return found


@settings(max_examples=100, deadline=None)
@given(
    fields(0, 59),
    fields(0, 23),
    st.one_of(st.tuples(fields(1, 31), st.just("?")), st.tuples(st.just("?"), fields(1, 7, WEEKDAYS))),
    fields(1, 12, MONTHS),
)
def test_cron_starts_at_the_very_minutes_that_quartz_does(minute: str, hour: str, days: tuple[str, str], month: str) -> None:
    day, weekday = days
    translated = translate_quartz(f"0 {minute} {hour} {day} {month} {weekday}")
    minutes, hours, months = means(minute, 0, 59), means(hour, 0, 23), means(month, 1, 12, MONTHS)
    all_days = means(day, 1, 31) if day != "?" else set(range(1, 32))
    weekdays = means(weekday, 1, 7, WEEKDAYS) if weekday != "?" else set(range(1, 8))
    for offset in range(0, MINUTES, 37):
        at = START + timedelta(minutes=offset)
        is_due = (
            at.minute in minutes and at.hour in hours and at.day in all_days and at.month in months and at.isoweekday() % 7 + 1 in weekdays
        )
        assert croniter.match(translated.cron, at) == is_due, (translated.cron, at)
