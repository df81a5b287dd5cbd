"""Holds a warehouse against the sandbox's own truth."""

from __future__ import annotations

from typing import Any

from tests.integration.world import World


def assert_equals_truth(world: World) -> None:
    """What every platform tells: who there is and is where, and what the departments are called and hang below."""
    truth = world.truth()
    assert set(world.query("select user_id, name, title, mobile, work_email, status from org.users")) == people(truth, world.platform)
    assert set(world.query("select department_id, parent_id, name from org.departments")) == departments(truth)
    assert set(world.query("select user_id, department_id, is_leader from org.memberships")) == {
        (each["user_id"], str(each["department_id"]), each["is_leader"]) for each in truth["memberships"]
    }


def people(truth: dict[str, Any], platform: str) -> set[tuple[Any, ...]]:
    """Feishu writes a mobile number with its country's code."""
    code = "+86" if platform == "feishu" else ""
    return {
        (
            user["id"],
            user["name"],
            user["title"] or None,
            user["mobile"] and code + user["mobile"],
            user["work_email"],
            "active" if user["active"] else "inactive",
        )
        for user in truth["users"]
    }


def departments(truth: dict[str, Any]) -> set[tuple[Any, ...]]:
    return {
        (str(each["id"]), None if each["parent_id"] is None else str(each["parent_id"]), each["name"])
        for each in truth["departments"]
        if each["kind"] == "company"
    }
