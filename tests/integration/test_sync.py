"""A whole sync, from the sandbox over HTTP into a real PostgreSQL, says exactly what the sandbox's organization is."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest

from orgsync.sync.lookups import find_runs
from tests.integration.world import World


def ids(rows: Iterable[dict[str, Any]]) -> set[str]:
    return {str(row["id"]) for row in rows}


def expected_users(truth: dict[str, Any]) -> set[tuple[Any, ...]]:
    return {
        (
            user["id"],
            user["union_id"],
            user["name"],
            user["mobile"],
            user["email"],
            user["work_email"],
            user["title"] or None,
            user["job_number"],
            "active" if user["active"] else "inactive",
        )
        for user in truth["users"]
    }


def expected_departments(truth: dict[str, Any]) -> set[tuple[Any, ...]]:
    return {
        (
            str(department["id"]),
            None if department["parent_id"] is None else str(department["parent_id"]),
            department["name"],
            department["id"] if department["order"] is None else department["order"],
            department["hidden"],
            department["source_identifier"],
            tuple(sorted(department["leaders"])),
        )
        for department in truth["departments"]
        if department["kind"] == "company"
    }


def expected_memberships(truth: dict[str, Any]) -> set[tuple[Any, ...]]:
    return {
        (membership["user_id"], str(membership["department_id"]), -membership["order"], membership["is_leader"])
        for membership in truth["memberships"]
    }


def assert_warehouse_equals(world: World, truth: dict[str, Any]) -> None:
    users = world.query("select user_id, union_id, name, mobile, email, work_email, title, job_number, status from org.users")
    departments = world.query(
        "select department_id, parent_id, name, sort_order, is_hidden, source_identifier, leader_user_ids from org.departments"
    )
    memberships = world.query("select user_id, department_id, sort_order, is_leader from org.memberships")
    assert set(users) == expected_users(truth)
    assert {(*department[:-1], tuple(sorted(department[-1] or ()))) for department in departments} == expected_departments(truth)
    assert set(memberships) == expected_memberships(truth)


def read_changes(world: World) -> dict[tuple[str, str], set[str]]:
    """Ids by entity and kind, of the newest snapshot."""
    changes: dict[tuple[str, str], set[str]] = {}
    for entity, kind, key in world.query(
        "select entity, kind, coalesce(user_id, department_id) from org.change where changed_at = (select max(taken_at) from ops.snapshot)"
    ):
        changes.setdefault((entity, kind), set()).add(key)
    return changes


def test_first_sync_equals_the_organization(world: World) -> None:
    result = world.sync()
    assert result["outcome"] == "succeeded"
    assert_warehouse_equals(world, world.truth())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_second_sync_says_exactly_who_joined_left_and_moved(world: World, seed: int) -> None:
    world.sandbox.control("POST", "dingtalk/organization", {"people": 80, "seed": seed})
    world.sync()
    evolved = world.sandbox.control(
        "POST",
        "dingtalk/evolve",
        {"joined": 4, "left": 3, "moved": 5, "renamed": 2, "promoted": 2, "departments_created": 2, "departments_removed": 1},
    )
    world.sync()
    changes = read_changes(world)
    for kind in ("joined", "left", "moved", "renamed"):
        assert changes.get(("user", kind), set()) == {str(key) for key in evolved[kind]}, kind
    for kind in ("created", "removed", "moved", "renamed"):
        assert changes.get(("department", kind), set()) == {str(key) for key in evolved[f"departments_{kind}"]}, kind
    assert_warehouse_equals(world, world.truth())


def test_person_who_returns_gets_a_new_version_and_keeps_the_old_one(world: World) -> None:
    world.sync()
    left = world.sandbox.control("POST", "dingtalk/evolve", {"left": 3})["left"]
    world.sync()
    returned = world.sandbox.control("POST", "dingtalk/evolve", {"returned": 2})["returned"]
    world.sync()
    assert set(returned) <= set(left)
    assert read_changes(world)["user", "returned"] == set(returned)
    versions = world.query("select count(*), count(valid_to) from org.user_version where user_id = any(%s)", returned)
    assert versions == [(2 * len(returned), len(returned))]


def test_sync_without_a_change_writes_no_history(world: World) -> None:
    world.sync()
    before = world.history()
    result = world.sync()
    assert result == {"outcome": "unchanged", "changes": {"user": {}, "department": {}}, "history_rows": 0}
    assert world.history() == before


def test_frequent_read_asks_less_and_keeps_department_details(world: World) -> None:
    world.sync()
    world.sandbox.control("DELETE", "dingtalk/calls")
    result = world.sync(mode="frequent")
    calls = world.sandbox.control("GET", "dingtalk/calls")["by_interface"]
    departments = len(expected_departments(world.truth()))
    assert result["outcome"] == "unchanged"
    assert calls["topapi/v2/department/get"] == 1
    assert calls["topapi/v2/department/listsub"] == departments
    assert_warehouse_equals(world, world.truth())


def test_auto_reads_in_full_first_and_frequently_after(world: World) -> None:
    world.sync(mode="auto")
    world.sync(mode="auto")
    assert world.query("select mode from ops.snapshot order by taken_at") == [("full",), ("frequent",)]


def test_withheld_mobile_keeps_its_last_value(world: World) -> None:
    world.sync()
    before = world.query("select user_id, mobile from org.users order by 1")
    world.sandbox.control("PUT", "dingtalk/settings", {"field_permissions": ["fieldEmail"]})
    assert world.sync()["outcome"] == "unchanged"
    assert world.query("select user_id, mobile from org.users order by 1") == before
    assert world.query("select withheld_fields from ops.snapshot order by taken_at desc limit 1") == [(["user.mobile"],)]
    first = world.query("select taken_at from ops.snapshot order by taken_at desc limit 1")[0][0]
    world.sync()
    [run] = find_runs(world.settings, "acme")
    assert datetime.fromisoformat(run["withheld_since"]["user.mobile"]) == first


def test_dry_run_says_what_would_change_and_changes_nothing(world: World) -> None:
    world.sync()
    before = world.history()
    evolved = world.sandbox.control("POST", "dingtalk/evolve", {"joined": 2, "left": 1})
    trial = world.sync(dry_run=True)
    assert trial["outcome"] == "planned"
    assert trial["changes"]["user"] == {"joined": len(evolved["joined"]), "left": len(evolved["left"])}
    assert world.history() == before
    assert world.sync()["changes"] == trial["changes"]


@pytest.mark.parametrize(
    ("fault", "rule"),
    [("duplicate_id", "duplicate_id"), ("nul_in_name", "nul_character")],
)
def test_broken_person_is_quarantined_and_keeps_the_last_version(world: World, fault: str, rule: str) -> None:
    world.sync()
    before = world.history()
    world.sandbox.control("POST", "dingtalk/faults", {"interface": "topapi/v2/user/list", "kind": fault, "calls": [2]})
    result = world.sync()
    assert result["outcome"] == "unchanged"
    assert world.history() == before
    rules = {name for (name,) in world.query("select rule from ops.quarantine where entity = 'user'")}
    assert rules == {rule}


def test_quarantined_person_is_tried_again_and_leaves_by_itself(world: World) -> None:
    world.sync()
    world.sandbox.control("POST", "dingtalk/faults", {"interface": "topapi/v2/user/list", "kind": "nul_in_name", "calls": [2]})
    world.sync()
    world.sandbox.control("DELETE", "dingtalk/faults")
    world.sync()
    latest = "select count(*) from ops.quarantine where plan_id = (select max(plan_id) from ops.plan)"
    assert world.query(latest) == [(0,)]
    assert_warehouse_equals(world, world.truth())


def test_run_is_remembered_with_its_counts_seconds_and_calls(world: World) -> None:
    world.sync()
    [(outcome, counts, seconds, calls)] = world.query("select outcome, counts, step_seconds, calls from ops.sync_run")
    truth = world.truth()
    assert outcome == "succeeded"
    assert counts["users"] == len(truth["users"])
    assert counts["history_rows"] == len(truth["users"]) + len(expected_departments(truth)) + len(truth["memberships"])
    assert {"extract", "validate", "merge", "import", "tidy", "expect", "page", "stage", "plan", "write"} <= set(seconds)
    assert sum(seconds[part] for part in ("import", "tidy", "expect", "page", "stage")) <= seconds["validate"] + 0.01
    assert calls["topapi/v2/user/list"]["failed"] == 0
    assert calls["topapi/v2/user/list"]["read"] == calls["topapi/v2/user/list"]["expected"]


def test_expectation_results_and_a_page_are_kept_per_run(world: World) -> None:
    world.sync()
    [(expectations, failed)] = world.query("select count(*), count(*) filter (where not is_success) from ops.expectation_result")
    assert expectations > 10
    assert failed == 0
    [page] = world.settings.report_folder.glob("acme/*.html")
    assert "Validation of acme" in page.read_text(encoding="utf-8")


def test_stage_is_empty_after_a_sync(world: World) -> None:
    world.sync()
    counts = [
        world.query(f"select count(*) from stage.{name}")[0][0]
        for name in ("department", '"user"', "membership", "affected", "observation", "timeline")
    ]
    assert counts == [0] * 6


def test_no_transaction_is_open_while_the_platform_is_read(world: World) -> None:
    """A read may take an hour; PostgreSQL could not clean up behind a transaction so old."""
    world.control("PUT", "settings", {"latency_ms": 15})
    looks: list[list[str]] = []
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(world.sync)
        while world.control("GET", "calls")["total"] < 3:
            time.sleep(0.01)
        while True:
            found = world.query("select state from pg_stat_activity where application_name = 'orgsync' and datname = current_database()")
            if world.control("GET", "calls")["by_interface"].get("topapi/user/count", 0) == 2:  # the last call: the read is over
                break
            looks.append([row[0] for row in found])
        under_way.result()
    assert [] in looks, "who reads holds no session"
    assert not any("transaction" in state for look in looks for state in look)
