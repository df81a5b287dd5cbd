from typing import Any

import pytest

from orgsync.pages.plans import address_question, choose_group, find_way, tell_state
from orgsync.pages.summaries import Group, list_groups

WAITING = {"state": "planned", "over_budget": [{}], "is_approved": None, "outcome": "running", "run_type": "scheduled"}
GROUPS = [Group("user", "left", 3), Group("user", "moved", 2), Group("department", "moved", 1)]


def test_who_leaves_comes_first_and_what_is_unknown_last() -> None:
    summary = {"department": {"created": 1}, "user": {"vanished": 5, "joined": 2, "left": 1, "moved": 0}}
    assert list_groups(summary) == [
        Group("user", "left", 1),
        Group("user", "joined", 2),
        Group("user", "vanished", 5),
        Group("department", "created", 1),
    ]
    assert list_groups({}) == []


@pytest.mark.parametrize(
    ("entity", "kind", "chosen"),
    [
        ("user", "moved", GROUPS[1]),
        ("department", "moved", GROUPS[2]),
        (None, "moved", GROUPS[1]),
        ("user", "joined", GROUPS[0]),
        (None, "", GROUPS[0]),
    ],
)
def test_group_that_is_not_there_gives_the_first(entity: str | None, kind: str, chosen: Group) -> None:
    assert choose_group(GROUPS, entity, kind) == chosen
    assert choose_group([], entity, kind) is None


@pytest.mark.parametrize(
    ("changed", "may_answer", "way"),
    [
        ({}, True, "here"),
        ({}, False, "elsewhere"),
        ({"run_type": "cli"}, True, "command"),
        ({"run_type": "backfill"}, True, "command"),
        ({"outcome": "planned"}, True, "command"),  # a dry run of a DAG
        ({"outcome": None, "run_type": None}, False, "command"),
        ({"is_approved": True}, True, ""),
        ({"over_budget": []}, True, ""),
        ({"state": "rejected", "is_approved": False}, True, ""),
        ({"state": "dropped"}, True, ""),
    ],
)
def test_way_to_decide(changed: dict[str, Any], may_answer: bool, way: str) -> None:
    assert find_way(WAITING | changed, may_answer=may_answer) == way


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, "waits"),
        ({"is_approved": True}, "approved"),
        ({"over_budget": []}, "planned"),
        ({"state": "applied", "is_approved": True}, "applied"),
        ({"state": "rejected", "is_approved": False}, "rejected"),
        ({"state": "staged"}, "staged"),
    ],
)
def test_state_is_told_as_somebody_sees_it(changed: dict[str, Any], told: str) -> None:
    assert tell_state(WAITING | changed) == told


@pytest.mark.parametrize("below", ["", "/hr/airflow"])
def test_question_is_asked_of_airflow_wherever_it_is_mounted(below: str) -> None:
    assert address_question(f"{below}/organization", "acme", "manual__2026-11-01T00:00:00+08:00") == (
        f"{below}/api/v2/dags/org_sync_acme/dagRuns/manual__2026-11-01T00%3A00%3A00%2B08%3A00/taskInstances/approve/-1/hitlDetails"
    )
