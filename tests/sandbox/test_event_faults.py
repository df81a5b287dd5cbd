"""Which events a fault strikes, and what becomes of those that were given up."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.dingtalk.failed_events import get_failed_events, give_up
from sandbox.dingtalk.settings import DingTalkSettings
from sandbox.dingtalk.tenant import DingTalk
from sandbox.event_faults import EventFault, EventFaultSpec
from sandbox.events import Event
from sandbox.generator import Recipe


def event(kind: str = "user_add_org", number: int = 0) -> Event:
    return Event(f"e{number}", kind, ("u1",), number, {"userId": ["u1"]})


def struck(amount: int, **spec: Any) -> list[int]:
    """Which of so many events, the first being 1."""
    fault = EventFault(1, EventFaultSpec(kind="lost", **spec))
    return [number for number in range(1, amount + 1) if fault.strikes(event())]


@pytest.mark.parametrize(
    ("spec", "numbers"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"events": [2, 5]}, [2, 5]),
        ({"from_": 3, "to": 4}, [3, 4]),
        ({"every": 3}, [3, 6]),
        ({"times": 2}, [1, 2]),
        ({"share": 0}, []),
        ({"every": 2, "times": 1}, [2]),
        ({"type": "user_leave_org"}, []),
    ],
    ids=str,
)
def test_fault_strikes_those_that_are_due(spec: dict[str, Any], numbers: list[int]) -> None:
    assert struck(6, **spec) == numbers


def test_share_follows_from_the_seed_alone() -> None:
    assert struck(200, share=0.3, seed=1) == struck(200, share=0.3, seed=1)
    assert struck(200, share=0.3, seed=1) != struck(200, share=0.3, seed=2)
    assert 30 < len(struck(200, share=0.3, seed=1)) < 90


def test_other_types_are_not_counted() -> None:
    fault = EventFault(1, EventFaultSpec(kind="lost", type="user_leave_org", events=[2]))
    kinds = ["user_leave_org", "user_add_org", "user_leave_org", "user_leave_org"]
    assert [fault.strikes(event(kind)) for kind in kinds] == [False, False, True, False]


def test_list_of_what_was_given_up_comes_in_two_hundreds_and_only_when_it_is_due() -> None:
    tenant = DingTalk(Recipe(people=10, seed=1), DingTalkSettings(event_list_seconds=0))
    for number in range(250):
        give_up(tenant, event(number=number))
    first, second, third = (json.loads(get_failed_events(tenant, {})) for _ in range(3))
    assert [len(answer["failed_list"]) for answer in (first, second, third)] == [200, 50, 0]
    assert [answer["has_more"] for answer in (first, second, third)] == [True, False, False]
    assert [row["event_time"] for row in first["failed_list"] + second["failed_list"]] == list(range(250))
    tenant.change_settings({"event_list_seconds": 60})
    give_up(tenant, event())
    assert json.loads(get_failed_events(tenant, {}))["failed_list"] == []
