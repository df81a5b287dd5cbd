from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.dingtalk.numbering import DINGTALK_NUMBERING
from sandbox.evolution import KINDS, amounts_at_rate, evolve
from sandbox.generator import MAX_DEPTH, Recipe, generate
from sandbox.organization import Organization

amounts = st.fixed_dictionaries({kind: st.integers(0, 6) for kind in KINDS})


def photograph(organization: Organization) -> tuple[dict, dict, dict]:
    return copy.deepcopy(
        (organization.people, organization.departments, {one: organization.leaders(one) for one in organization.departments})
    )


def differences(before: tuple, after: tuple, former: set[str]) -> dict[str, set]:
    """What happened between two photographs, found without knowing how."""
    (people, departments, leaders), (people_now, departments_now, leaders_now) = before, after
    stayed = people.keys() & people_now.keys()
    kept = departments.keys() & departments_now.keys()
    arrived = people_now.keys() - people.keys()

    def changed(field: str) -> set[str]:
        return {one for one in stayed if getattr(people[one], field) != getattr(people_now[one], field)}

    return {
        "joined": arrived - former,
        "returned": arrived & former,
        "left": people.keys() - people_now.keys(),
        "moved": {one for one in stayed if set(people[one].department_ids) != set(people_now[one].department_ids)},
        "renamed": changed("name"),
        "promoted": changed("title"),
        "manager_changed": changed("manager_id"),
        "departments_created": departments_now.keys() - departments.keys(),
        "departments_removed": departments.keys() - departments_now.keys(),
        "departments_moved": {one for one in kept if departments[one].parent_id != departments_now[one].parent_id},
        "departments_renamed": {one for one in kept if departments[one].name != departments_now[one].name},
        "leaders_changed": {one for one in kept if leaders[one] != leaders_now[one]},
    }


def assert_sound(organization: Organization) -> None:
    for department_id, department in organization.departments.items():
        assert department.parent_id is None or department.parent_id in organization.departments
        assert organization.depth(department_id) <= MAX_DEPTH
        assert department.parent_id is None or department_id in organization.children[department.parent_id]
    for person in organization.people.values():
        assert person.memberships
        assert len(set(person.department_ids)) == len(person.memberships)
        assert person.main_department_id in person.department_ids
        assert person.manager_id is None or person.manager_id in organization.people
        assert all(organization.members[held.department_id][person.id] == held for held in person.memberships)
    assert sum(map(len, organization.members.values())) == sum(len(person.memberships) for person in organization.people.values())


@settings(max_examples=25, deadline=None)
@given(people=st.integers(10, 120), seed=st.integers(0, 50), steps=st.lists(amounts, min_size=1, max_size=4))
def test_truth_is_exactly_what_changed(people: int, seed: int, steps: list[dict[str, int]]) -> None:
    organization = generate(Recipe(people=people, seed=seed), DINGTALK_NUMBERING)
    for step in steps:
        before, former = photograph(organization), set(organization.former)
        truth = evolve(organization, step)
        found = differences(before, photograph(organization), former)
        assert {kind: set(truth[kind]) for kind in found} == found
        assert_sound(organization)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 50), step=amounts)
def test_each_person_is_subject_to_one_kind(seed: int, step: dict[str, int]) -> None:
    organization = generate(Recipe(people=80, seed=seed), DINGTALK_NUMBERING)
    evolve(organization, {"left": 5})
    truth = evolve(organization, step)
    people = [one for kind in (*KINDS[:6], "manager_changed") for one in truth[kind]]
    departments = [one for kind in KINDS[6:] for one in truth[kind]]
    assert len(set(people)) == len(people)
    assert len(set(departments)) == len(departments)


def test_amounts_are_kept() -> None:
    organization = generate(Recipe(people=2000), DINGTALK_NUMBERING)
    evolve(organization, {"left": 40})
    wished = {kind: 7 for kind in KINDS if kind not in ("moved", "departments_removed")}
    truth = evolve(organization, wished)
    assert {kind: len(truth[kind]) for kind in wished} == wished
    assert (truth["moved"], truth["departments_removed"]) == ([], [])


def test_who_returns_has_the_old_id() -> None:
    organization = generate(Recipe(people=100), DINGTALK_NUMBERING)
    left = evolve(organization, {"left": 5})["left"]
    returned = evolve(organization, {"returned": 3, "joined": 2})
    assert len(returned["returned"]) == 3
    assert set(returned["returned"]) <= set(left)
    assert not set(returned["joined"]) & set(left)


def test_people_of_a_removed_department_move_to_its_parent() -> None:
    organization = generate(Recipe(people=400), DINGTALK_NUMBERING)
    before = {department_id: set(members) for department_id, members in organization.members.items()}
    parents = {department_id: department.parent_id for department_id, department in organization.departments.items()}
    truth = evolve(organization, {"departments_removed": 4})
    assert len(truth["departments_removed"]) == 4
    assert set(truth["moved"]) == set().union(*(before[removed] for removed in truth["departments_removed"]))
    for removed in truth["departments_removed"]:
        assert before[removed] <= organization.members[parents[removed]].keys()


def test_same_seed_and_steps_give_the_same_history() -> None:
    def history() -> tuple[list[Any], Organization]:
        organization = generate(Recipe(people=300, seed=9), DINGTALK_NUMBERING)
        return [evolve(organization, amounts_at_rate(organization, 0.05)) for _ in range(4)], organization

    (truths, one), (truths_again, other) = history(), history()
    assert truths == truths_again
    assert one.people == other.people
    assert one.departments == other.departments


@pytest.mark.parametrize("rate", [0, 0.01, 0.3])
def test_rate_gives_amounts(rate: float) -> None:
    organization = generate(Recipe(people=1000), DINGTALK_NUMBERING)
    wished = amounts_at_rate(organization, rate)
    assert sum(wished.get(kind, 0) for kind in KINDS[:6]) == pytest.approx(1000 * rate, abs=1)
