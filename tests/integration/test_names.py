"""Names beside ids: people written out for reports, what a change is about, and where in the company."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from orgsync.sync.lookups import find_plan
from tests.integration.test_plan import WORST, plan
from tests.integration.world import World

HAPPENED = {"joined": 2, "left": 3, "moved": 4, "renamed": 1, "departments_created": 1, "departments_renamed": 1, "departments_moved": 1}


def names(world: World, entity: str) -> dict[str, str]:
    return dict(world.query(f"select {entity}_id, name from org.{entity}s"))


def paths(world: World) -> dict[str, str]:
    return dict(world.query("select department_id, array_to_string(path_names, ' / ') from org.department_tree"))


def homes(world: World) -> dict[str, str]:
    return dict(world.query("select user_id, main_department_id from org.people"))


def changes(world: World, plan_id: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = find_plan(world.settings, "acme", plan_id)["changes"]
    return found


def test_everybody_is_one_row_in_one_main_department_with_its_path(any_world: World) -> None:
    any_world.sync()
    path_of, told = paths(any_world), dict(any_world.query("select user_id, main_department_id from org.users"))
    members = any_world.query("select user_id, array_agg(department_id order by department_id) from org.memberships group by user_id")
    main = dict(any_world.query("select user_id, department_id from org.memberships where is_main"))
    ids = dict(members)
    expected = {user_id: told[user_id] or main.get(user_id) or ids[user_id][0] for user_id in told}
    found = any_world.query(
        "select user_id, main_department_id, main_department_name, main_department_path, department_ids from org.people"
    )
    assert {row[0]: row[1] for row in found} == expected
    assert len(found) == len(told)
    for _, department_id, name, path, department_ids in found:
        assert path == path_of[department_id]
        assert path.rsplit(" / ", 1)[-1] == name
        assert department_id in department_ids
    managers = any_world.query("select manager_user_id, manager_name from org.people where manager_user_id is not null")
    assert set(managers) <= set(names(any_world, "user").items())


@pytest.mark.by_turns
def test_plan_names_people_departments_and_both_ends_of_a_move(any_world: World) -> None:
    any_world.sync()
    people, departments, path_of, home_of = names(any_world, "user"), names(any_world, "department"), paths(any_world), homes(any_world)
    any_world.control("POST", "evolve", HAPPENED)
    planned = changes(any_world, plan(any_world)["plan_id"])
    any_world.sync()
    people_after, departments_after = names(any_world, "user"), names(any_world, "department")
    homes_after, paths_after = homes(any_world), paths(any_world)
    for change in planned:
        is_user, key = change["entity"] == "user", change["user_id"] or change["department_id"]
        before, after = (people, people_after) if is_user else (departments, departments_after)
        assert change["name"] == (before[key] if change["kind"] in ("left", "removed") else after[key])
        home = (home_of if change["kind"] == "left" else homes_after)[key] if is_user else key
        assert change["department_path"] == paths_after.get(home, path_of.get(home))
        if change["column_name"] in ("department_ids", "parent_id"):
            for value, called, known in (
                (change["value_from"], change["names_from"], departments),
                (change["value_to"], change["names_to"], departments_after),
            ):
                assert called == (", ".join(known[each] for each in value.split(",")) if value else None)
    assert {change["kind"] for change in planned if change["column_name"] in ("department_ids", "parent_id")} == {"moved"}
    places = [change["department_path"] for change in planned if (change["entity"], change["kind"]) == ("user", "moved")]
    assert len(places) == len(set(places)) + sum(one == two for one, two in pairwise(places))  # no place twice apart


def test_leaders_and_managers_of_a_change_have_names(world: World) -> None:
    world.sync()
    [(department, user, name)] = world.query(
        "select department_id, user_id, users.name from org.departments cross join org.users order by 1, 2 limit 1"
    )
    world.query(
        "update org.department_version set leader_user_ids = array[%s, 'nobody'], content_hash = 'other' where department_id = %s",
        user,
        department,
    )
    plan_id = plan(world)["plan_id"]
    [change] = [change for change in changes(world, plan_id) if change["column_name"] == "leader_user_ids"]
    assert (change["department_id"], change["names_from"]) == (department, f"{name}, nobody")


def test_plan_over_budget_counts_by_department_and_names_nobody(world: World) -> None:
    world.sync()
    assert plan(world)["departments"] == []
    world.control("POST", "evolve", WORST)
    planned = plan(world)
    assert planned["over_budget"]
    comes_or_goes = [change for change in changes(world, planned["plan_id"]) if change["kind"] in ("joined", "left", "returned", "moved")]
    changed = [change for change in comes_or_goes if change["user_id"]]
    counts = Counter(change["department_path"] for change in changed)
    assert [each["people"] for each in planned["departments"]] == [count for _, count in counts.most_common(10)]
    assert all(each["people"] == counts[each["department_path"]] for each in planned["departments"])
    assert all(sum(each["counts"].values()) == each["people"] for each in planned["departments"])
    told = str(planned)
    assert not [each["name"] for each in changed if each["name"] in told]
