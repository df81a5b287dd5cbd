"""Events say what to ask for; what cannot be asked for one by one is read as a whole."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgsync.manifest import Targets
from orgsync.sync.errands import MOST_TARGETS, Errand, add_targets, plan_errand


def event(key: str, kind: str, *, users: tuple[str, ...] = (), departments: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"event_key": key, "kind": kind, "user_ids": list(users), "department_ids": list(departments)}


def plan(*events: dict[str, Any], can_look: bool = True, is_known: bool = True) -> Errand:
    return plan_errand(events, can_look=can_look, is_known=is_known)


def test_asks_for_each_person_and_department_once() -> None:
    errand = plan(
        event("1", "user.changed", users=("li",), departments=("7",)),  # the departments of a person are read with the person
        event("2", "user.removed", users=("li", "an")),
        event("3", "department.changed", departments=("9",)),
    )
    assert errand == Errand("targets", Targets(users=("an", "li"), departments=("9",)), answered=("1", "2", "3"))


def test_names_departments_that_are_said_to_be_gone() -> None:
    errand = plan(event("1", "department.removed", departments=("9",)), event("2", "department.added", departments=("8",)))
    assert errand.targets.departments == ("8", "9")
    assert errand.gone_departments == ("9",)


@pytest.mark.parametrize(
    "idle", [event("1", "other"), event("1", "user.changed", departments=("7",)), event("1", "department.changed", users=("li",))]
)
def test_nothing_is_read_for_an_event_that_names_nobody_it_is_about(idle: dict[str, Any]) -> None:
    assert plan(idle) == Errand("nothing", idle=("1",))
    both = plan(idle, event("2", "user.added", users=("li",)))
    assert (both.what, both.idle, both.answered) == ("targets", ("1",), ("2",))


def test_nothing_is_read_where_no_event_waits() -> None:
    assert plan(can_look=False, is_known=False) == Errand("nothing")


@pytest.mark.parametrize(
    ("events", "given", "reason"),
    [
        ([event("1", "range.changed")], {}, "what the app may see has changed"),
        ([event("1", "user.added", users=("li",))], {"is_known": False}, "nothing was read yet"),
        ([event("1", "user.added", users=("li",))], {"can_look": False}, "the platform cannot be asked for single people"),
        (
            [event("1", "user.added", users=tuple(map(str, range(MOST_TARGETS)))), event("2", "department.added", departments=("9",))],
            {},
            f"events name {MOST_TARGETS} people and 1 departments",
        ),
    ],
    ids=["range", "first read", "only as a whole", "many"],
)
def test_everything_is_read_and_says_why(events: list[dict[str, Any]], given: dict[str, bool], reason: str) -> None:
    errand = plan(*events, **given)
    assert (errand.what, errand.reason, errand.targets) == ("whole", reason, Targets())
    assert errand.answered == tuple(each["event_key"] for each in events)


def test_as_many_as_may_be_are_asked_for_one_by_one() -> None:
    assert plan(event("1", "user.added", users=tuple(map(str, range(MOST_TARGETS))))).what == "targets"


def test_who_was_in_a_department_that_is_gone_is_asked_for_too() -> None:
    targets = Targets(users=("li",), departments=("9",))
    assert add_targets(targets, [("user", "an"), ("user", "li"), ("department", "10")]) == Targets(
        users=("an", "li"), departments=("10", "9")
    )
    assert add_targets(targets, []) == targets
    assert add_targets(targets, [("user", str(number)) for number in range(MOST_TARGETS - 2)]) is not None
    assert add_targets(targets, [("user", str(number)) for number in range(MOST_TARGETS - 1)]) is None


KINDS = ("user.added", "user.changed", "user.removed", "department.added", "department.removed", "range.changed", "other")
events_of_any_kind = st.lists(
    st.builds(
        lambda kind, users, departments: (kind, users, departments),
        st.sampled_from(KINDS),
        st.lists(st.sampled_from("abc"), max_size=3),
        st.lists(st.sampled_from("123"), max_size=3),
    ),
    max_size=8,
)


@given(drawn=events_of_any_kind, can_look=st.booleans(), is_known=st.booleans())
def test_each_event_is_answered_or_idle_and_all_it_names_is_asked_for(drawn: list[Any], can_look: bool, is_known: bool) -> None:
    events = [event(str(place), kind, users=tuple(users), departments=tuple(ids)) for place, (kind, users, ids) in enumerate(drawn)]
    errand = plan(*events, can_look=can_look, is_known=is_known)
    assert sorted(errand.answered + errand.idle) == sorted(each["event_key"] for each in events)
    assert (errand.what == "nothing") == (not errand.answered)
    if errand.what == "targets":
        for each in events:
            if each["event_key"] in errand.answered:
                is_about_people = each["kind"].startswith("user.")
                named = each["user_ids"] if is_about_people else each["department_ids"]
                assert set(named) <= set(errand.targets.users if is_about_people else errand.targets.departments)
