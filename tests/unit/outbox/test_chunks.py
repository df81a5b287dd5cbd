"""By which calls an audience is reached."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgsync.outbox.chunks import Audience, choose_way, count_department_calls
from orgsync.platforms.sending.deliveries import people_per_call
from orgsync.platforms.sending.messages import Limits

TO_ALL = Limits(people_per_call=100, departments_per_call=20, people_per_todo=100, has_send_to_all=True)
BATCHES = Limits(people_per_call=200, departments_per_call=200, people_per_todo=50)


def test_a_small_audience_is_named_so_that_the_result_of_each_is_known() -> None:
    assert choose_way(Audience(100, is_everybody=True, departments=3), "text", TO_ALL) == "people"


def test_everybody_is_one_call_where_there_is_such_a_call() -> None:
    assert choose_way(Audience(101, is_everybody=True, departments=3), "text", TO_ALL) == "everybody"
    assert choose_way(Audience(201, is_everybody=True, departments=3), "text", BATCHES) == "departments"


def test_departments_where_they_are_fewer_calls() -> None:
    assert choose_way(Audience(101, departments=1), "text", TO_ALL) == "departments"
    assert choose_way(Audience(200, departments=21), "text", TO_ALL) == "people"


def test_people_in_no_department_go_with_the_first_call() -> None:
    assert count_department_calls(Audience(500, departments=1, loose=100), TO_ALL) == 1
    assert count_department_calls(Audience(500, departments=1, loose=101), TO_ALL) == 2


@pytest.mark.parametrize(
    "change",
    [{"is_whole": False}, {"is_apart": False, "is_everybody": False}, {"departments": 0, "is_everybody": False}],
    ids=["a part of what the app sees", "people in two calls", "no departments"],
)
def test_people_are_named_where_departments_would_reach_others_or_some_twice(change: dict[str, bool | int]) -> None:
    audience = Audience(**{"people": 5000, "is_everybody": True, "departments": 3} | change)  # type: ignore[arg-type]
    assert choose_way(audience, "text", TO_ALL) == "people"


def test_a_department_larger_than_a_minute_serves_is_named() -> None:
    limits = Limits(people_per_call=100, departments_per_call=20, people_per_minute=1500)
    assert choose_way(Audience(1500, departments=1, largest=1500), "text", limits) == "departments"
    assert choose_way(Audience(1501, departments=1, largest=1501), "text", limits) == "people"


def test_a_todo_goes_to_people_unless_it_is_a_message_like_any_other() -> None:
    everybody = Audience(5000, is_everybody=True, departments=3)
    assert choose_way(everybody, "todo", TO_ALL) == "people"
    assert people_per_call("todo", BATCHES) == 50
    assert choose_way(everybody, "todo", Limits(people_per_call=1000, has_send_to_all=True)) == "everybody"
    assert people_per_call("todo", Limits(people_per_call=1000)) == 1000


@given(
    people=st.integers(1, 100_000),
    departments=st.integers(0, 500),
    loose=st.integers(0, 2000),
    is_everybody=st.booleans(),
    limits=st.sampled_from([TO_ALL, BATCHES]),
)
def test_no_other_way_takes_fewer_calls(people: int, departments: int, loose: int, is_everybody: bool, limits: Limits) -> None:
    audience = Audience(people, is_everybody=is_everybody, departments=departments, loose=min(loose, people))
    calls = {"people": -(-people // limits.people_per_call)}
    if departments:
        calls["departments"] = count_department_calls(audience, limits)
    if is_everybody and limits.has_send_to_all:
        calls["everybody"] = 1
    assert calls[choose_way(audience, "text", limits)] == min(calls.values())


@pytest.mark.parametrize(("people_per_minute", "calls"), [(0, 1), (1, 0), (2, 1)], ids=["no limit", "too few", "just enough"])
def test_a_minute_without_a_limit_serves_a_department_of_any_size(people_per_minute: int, calls: int) -> None:
    limits = Limits(people_per_call=100, departments_per_call=20, people_per_minute=people_per_minute)
    assert count_department_calls(Audience(2, departments=1, largest=2), limits) == calls
