"""What becomes of a call when some of its people have had as many messages as they may get."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgsync.outbox.personal import WORTH_WAITING, Near, PersonLimit, Portion, divide, person_limits
from orgsync.outbox.quota import MARGIN
from orgsync.platforms.sending.messages import Limits

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def held(name: str, seconds: float, span: timedelta = MINUTE) -> Near:
    return Near(name, NOW + timedelta(seconds=seconds), span)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_windows_are_a_little_longer_than_the_platforms() -> None:
    limits = Limits(
        people_per_call=1,
        messages_per_person_per_second=5,
        messages_per_person_per_minute=30,
        messages_per_person_per_hour=1000,
        messages_per_person_per_day=500,
    )
    assert person_limits(limits) == [
        PersonLimit(5, timedelta(seconds=1.1)),
        PersonLimit(30, timedelta(minutes=1) + MARGIN),
        PersonLimit(1000, timedelta(hours=1) + MARGIN),
        PersonLimit(500, timedelta(days=1) + MARGIN),
    ]
    assert person_limits(Limits(people_per_call=1)) == []


@pytest.mark.parametrize("near", [[], [Near("a", None)], [held("a", 0)], [held("a", -1)]], ids=["nobody", "one more", "just over", "over"])
def test_who_may_get_one_more_holds_nothing(near: list[Near]) -> None:
    assert divide(near, people=3, is_named=True, is_in_doubt=False, now=NOW) == (None, [])


def test_whoever_is_named_is_taken_out_with_all_whom_the_same_limit_holds() -> None:
    near = [held("a", 20), held("b", 40), held("c", 3600, DAY), Near("d", None)]
    until, portions = divide(near, people=5, is_named=True, is_in_doubt=False, now=NOW)
    assert until is None
    assert portions == [Portion(("a", "b"), after(40)), Portion(("c",), after(3600))]


def test_where_nobody_is_free_the_soonest_keep_the_call() -> None:
    near = [held("c", 3600, DAY), held("a", 20), held("b", 40)]
    until, portions = divide(near, people=3, is_named=True, is_in_doubt=False, now=NOW)
    assert (until, portions) == (after(40), [Portion(("c",), after(3600))])
    assert divide(near[1:], people=2, is_named=True, is_in_doubt=False, now=NOW) == (after(40), [])


@pytest.mark.parametrize("is_named", [True, False])
def test_for_a_moment_everybody_waits(is_named: bool) -> None:
    """Feishu's limit is over after a second: two calls would be one more, and no faster."""
    second = timedelta(seconds=1)
    near = [held("a", 0.4, second), held("b", 1.1, second)]
    assert divide(near, people=100, is_named=is_named, is_in_doubt=False, now=NOW) == (after(1.1), [])


def test_a_moment_is_five_seconds_and_a_while_five_minutes() -> None:
    for seconds, waits in ((5, True), (5.1, False)):
        until, portions = divide([held("a", seconds)], people=9, is_named=True, is_in_doubt=False, now=NOW)
        assert (until is not None, portions == []) == (waits, waits)
    for seconds, waits in ((300, True), (300.1, False)):
        until, portions = divide([held("a", seconds)], people=9, is_named=False, is_in_doubt=False, now=NOW)
        assert (until is not None, portions == []) == (waits, waits)


def test_departments_and_everybody_wait_a_while() -> None:
    near = [held("a", 20), held("b", WORTH_WAITING.total_seconds())]
    assert divide(near, people=100, is_named=False, is_in_doubt=False, now=NOW) == (after(WORTH_WAITING.total_seconds()), [])


def test_who_would_hold_everybody_for_long_gets_it_apart() -> None:
    near = [held("a", 20), held("b", 3600, DAY)]
    assert divide(near, people=100, is_named=False, is_in_doubt=False, now=NOW) == (None, [Portion(("b",), after(3600))])
    assert divide(near[1:], people=1, is_named=False, is_in_doubt=False, now=NOW) == (after(3600), [])


@pytest.mark.parametrize("is_named", [True, False])
def test_a_call_in_doubt_stays_as_it_is(is_named: bool) -> None:
    near = [held("a", 20), held("b", 3600, DAY)]
    assert divide(near, people=100, is_named=is_named, is_in_doubt=True, now=NOW) == (after(3600), [])


@given(
    st.lists(st.builds(held, st.uuids().map(str), st.floats(-10, 10**5), st.sampled_from([MINUTE, DAY])), max_size=20),
    st.integers(0, 20),
    st.booleans(),
)
def test_nobody_is_lost_or_called_too_early(near: list[Near], others: int, is_named: bool) -> None:
    people = max(len(near) + others, 1)
    until, portions = divide(near, people=people, is_named=is_named, is_in_doubt=False, now=NOW)
    taken_out = {user_id: portion.until for portion in portions for user_id in portion.user_ids}
    assert sum(len(portion.user_ids) for portion in portions) == len(taken_out) < people
    for each in near:
        waits = taken_out.get(each.user_id, until)
        is_left_for_the_next_look = not is_named and portions and until is None
        assert each.until is None or each.until <= NOW or is_left_for_the_next_look or (waits is not None and waits >= each.until)
