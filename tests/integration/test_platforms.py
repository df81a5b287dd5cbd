"""The same nasty organization comes out the same, whichever platform it was read from."""

from __future__ import annotations

from collections import defaultdict
from math import ceil
from typing import Any

import pytest

from orgsync.platforms import PLATFORM_NAMES
from tests.integration.world import World, world_on

# What a platform's lists do not tell; see each platform's page.
NOT_TOLD = {
    "dingtalk": {"gender", "name_en", "main", "manager"},
    "wecom": {"hidden", "job_number", "hired_on"},
    "feishu": {"hidden", "telephone"},
}


def sync_and_know(world: World) -> tuple[dict[str, Any], dict[str, Any]]:
    """The outcome of a sync, and the organization as it was."""
    return world.sync(), world.truth()


def company(truth: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {str(each["id"]): each for each in truth["departments"] if each["kind"] == "company"}


def changes(world: World, kind: str, entity: str = "user") -> set[str]:
    found = world.query(f"select distinct {entity}_id from org.change where entity = %s and kind = %s", entity, kind)
    return {row[0] for row in found}


def test_warehouse_equals_the_organization_before_and_after_it_evolved(any_world: World) -> None:
    for _ in range(2):
        outcome, truth = sync_and_know(any_world)
        assert outcome["outcome"] == "succeeded"
        assert set(any_world.query("select user_id, name, title, status from org.users")) == {
            (user["id"], user["name"], user["title"] or None, "active" if user["active"] else "inactive") for user in truth["users"]
        }
        assert set(any_world.query("select department_id, parent_id, name from org.departments")) == {
            (key, None if each["parent_id"] is None else str(each["parent_id"]), each["name"]) for key, each in company(truth).items()
        }
        assert set(any_world.query("select user_id, department_id, is_leader from org.memberships")) == {
            (each["user_id"], str(each["department_id"]), each["is_leader"]) for each in truth["memberships"]
        }
        any_world.control("POST", "evolve", {"rate": 0.2})


def test_who_joined_left_moved_and_was_renamed_is_told(any_world: World) -> None:
    any_world.sync()
    known = {user["id"] for user in any_world.truth()["users"]}
    evolved = any_world.control("POST", "evolve", {"joined": 3, "left": 2, "moved": 2, "renamed": 2, "departments_renamed": 1})
    before = {kind: changes(any_world, kind) for kind in ("joined", "left", "moved", "renamed")}
    any_world.sync()
    happened = {kind: changes(any_world, kind) - before[kind] for kind in before}
    assert happened == {kind: set(evolved[kind]) for kind in before}
    assert before["joined"] == known
    assert changes(any_world, "renamed", "department") == {str(one) for one in evolved["departments_renamed"]}


def test_nothing_changed_writes_no_history(any_world: World) -> None:
    any_world.sync()
    before = any_world.history()
    assert any_world.sync()["outcome"] == "unchanged"
    assert any_world.history() == before


def test_order_of_siblings_and_members_is_the_organizations(any_world: World) -> None:
    """First shown, first in order: where a platform counts the other way round, the values are negated."""
    _, truth = sync_and_know(any_world)
    shown: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for each in truth["memberships"]:
        shown[str(each["department_id"])].append((-each["order"], each["user_id"]))
    read: dict[str, list[str]] = defaultdict(list)
    for department, user in any_world.query("select department_id, user_id from org.memberships order by sort_order"):
        read[department].append(user)
    assert read == {department: [user for _, user in sorted(members)] for department, members in shown.items()}
    sorted_by_hand = [each for each in company(truth).values() if each["order"] is not None]
    orders = dict(any_world.query("select department_id, sort_order from org.departments where sort_order is not null"))
    for parent in {str(each["parent_id"]) for each in sorted_by_hand}:
        siblings = [each for each in sorted_by_hand if str(each["parent_id"]) == parent]
        by_truth = sorted(siblings, key=lambda each: each["order"])
        assert [each["id"] for each in sorted(siblings, key=lambda each: (orders[str(each["id"])], each["order"]))] == [
            each["id"] for each in by_truth
        ]


def people_by_serial(world: World, columns: str) -> dict[int, tuple[Any, ...]]:
    serials = {user["id"]: user["serial"] for user in world.truth()["users"]}
    return {serials[user]: tuple(rest) for user, *rest in world.query(f"select user_id, {columns} from org.users")}


def departments_by_serial(world: World) -> dict[int, tuple[Any, ...]]:
    """Name, English name, parent and leaders of each department, ids replaced by what the organization counts them by."""
    truth = world.truth()
    people = {user["id"]: user["serial"] for user in truth["users"]}
    departments = {key: each["serial"] for key, each in company(truth).items()}
    rows = world.query("select department_id, name, parent_id, leader_user_ids from org.departments")
    return {
        departments[key]: (name, departments.get(parent), sorted(people[leader] for leader in leaders or ()))
        for key, name, parent, leaders in rows
    }


def test_same_organization_is_the_same_on_every_platform(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Apart from what a platform does not have, and from its own ids."""
    shared = "name, mobile, email, work_email, title, status"
    read = {}
    for platform in PLATFORM_NAMES:
        on_platform = world_on(world, monkeypatch, platform)
        on_platform.sync()
        on_platform.control("POST", "evolve", {"rate": 0.1})
        on_platform.sync()
        people = people_by_serial(on_platform, shared)
        local = {serial: (row[0], row[1] and row[1].removeprefix("+86"), *row[2:]) for serial, row in people.items()}
        read[platform] = (local, departments_by_serial(on_platform))
        world.query(
            "truncate org.user_version, org.department_version, org.membership_version, ops.snapshot, ops.plan, ops.sync_run cascade"
        )
    first, *others = PLATFORM_NAMES
    for platform in others:
        assert read[platform] == read[first], platform


def test_columns_that_only_some_platforms_tell(any_world: World) -> None:
    _, truth = sync_and_know(any_world)
    not_told = NOT_TOLD[any_world.platform]
    expected = {
        "gender": {user["id"]: user["gender"] for user in truth["users"]},
        "name_en": {user["id"]: user["name_en"] for user in truth["users"]},
        "job_number": {user["id"]: user["job_number"] for user in truth["users"]},
        "telephone": {user["id"]: user["telephone"] for user in truth["users"]},
        "manager_user_id": {user["id"]: user["manager_id"] for user in truth["users"]},
        "main_department_id": {user["id"]: str(user["main_department_id"]) for user in truth["users"]},
    }
    names = {"manager_user_id": "manager", "main_department_id": "main"}
    for column, values in expected.items():
        if names.get(column, column) not in not_told:
            assert dict(any_world.query(f"select user_id, {column} from org.users")) == values, column


def pages(rows: int, size: int) -> int:
    return max(1, ceil(rows / size))


def expected_calls(platform: str, truth: dict[str, Any], mode: str) -> dict[str, int]:
    """How many calls a whole company costs: what each platform's page says."""
    departments = company(truth)
    members = defaultdict(int)
    for each in truth["memberships"]:
        members[str(each["department_id"])] += 1
    count = len(departments)
    if platform == "dingtalk":
        lists = sum(pages(members[key], 100) for key in departments)
        details = count if mode == "full" else 1
        return {
            "gettoken": 1,
            "auth/scopes": 1,
            "topapi/user/count": 2,
            "topapi/v2/department/listsub": count,
            "topapi/v2/department/get": details,
            "topapi/v2/user/list": lists,
        }
    if platform == "wecom":
        return {"gettoken": 1, "agent/get": 1, "department/list": 1, "user/list": 1}
    return {
        "auth/v3/tenant_access_token/internal": 1,
        "contact/v3/departments/:department_id": 2,
        "contact/v3/departments/:department_id/children": ceil((count - 1) / 50),
        "contact/v3/users/find_by_department": sum(pages(members[key], 50) for key in departments),
    }


@pytest.mark.parametrize("people", [60, 700])
@pytest.mark.parametrize("mode", ["full", "frequent"])
def test_calls_per_sync(any_world: World, people: int, mode: str) -> None:
    """In the run's record, and as the other side counted them."""
    any_world.control("POST", "organization", {"people": people, "seed": 3})
    any_world.control("DELETE", "calls")
    any_world.sync(mode=mode)
    [[recorded]] = any_world.query("select calls from ops.sync_run")
    expected = expected_calls(any_world.platform, any_world.truth(), mode)
    assert {interface: count["read"] for interface, count in recorded.items()} == expected
    assert any_world.control("GET", "calls")["by_interface"] == expected
