from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.clock import later, to_noon
from tests.sandbox.feishu.app import FeishuApp
from tests.sandbox.feishu.conftest import ORGANIZATION

TASKS = "task/v2/tasks"
DUE = {"timestamp": "1900000000000", "is_all_day": False}


@pytest.fixture
def app(app: FeishuApp) -> FeishuApp:
    """With no tasks."""
    app.control("POST", "organization", ORGANIZATION)
    to_noon(app.control)
    return app


@pytest.fixture
def people(app: FeishuApp) -> list[dict[str, Any]]:
    return app.truth()["users"]


def member(person: dict[str, Any], role: str = "assignee") -> dict[str, str]:
    return {"id": person["open_id"], "type": "user", "role": role}


def create(app: FeishuApp, **given: Any) -> dict[str, Any]:
    return app.data(TASKS, method="POST", json={"summary": "确认部门变动"} | given, user_id_type="open_id")["task"]


def patch(app: FeishuApp, guid: str, fields: list[str], **task: Any) -> dict[str, Any]:
    return app.data(f"{TASKS}/{guid}", method="PATCH", json={"task": task, "update_fields": fields})["task"]


def todos(app: FeishuApp, person: dict[str, Any]) -> list[dict[str, Any]]:
    return app.control("GET", f"inbox?user={person['id']}")["todos"]


def test_task_is_there_for_its_assignees(app: FeishuApp, people: list[dict[str, Any]]) -> None:
    origin = {"platform_i18n_name": {"zh_cn": "组织同步"}, "href": {"url": "https://a.example/1", "title": "打开"}}
    task = create(app, due=DUE, origin=origin, members=[member(people[0]), member(people[1], "follower"), {"id": "ou_x"}], extra="x")
    assert (task["status"], task["completed_at"], task["source"], task["due"], task["extra"]) == ("todo", "0", 6, DUE, "x")
    assert task["members"] == [member(people[0]), member(people[1], "follower")]
    (todo,) = todos(app, people[0])
    assert (todo["platform_id"], todo["due_at"], todo["url"]) == (task["guid"], 1_900_000_000, "https://a.example/1")
    assert todos(app, people[1]) == []
    assert app.data(f"{TASKS}/{task['guid']}")["task"] == task


def test_client_token_is_good_for_five_minutes(app: FeishuApp, people: list[dict[str, Any]]) -> None:
    first = create(app, client_token="run-1-todo", members=[member(people[0])])
    assert create(app, client_token="run-1-todo", summary="anything") == first
    assert len(todos(app, people[0])) == 1
    later(app.control, 301)
    assert create(app, client_token="run-1-todo")["guid"] != first["guid"]
    assert app.refusal(TASKS, method="POST", json={"summary": "x", "client_token": "short"}) == (400, 1470400)


@pytest.mark.parametrize(
    "given",
    [
        {"summary": ""},
        {"summary": "x" * 3001},
        {"due": {"timestamp": 1_900_000_000_000}},
        {"due": DUE, "start": {"timestamp": "1900000000001", "is_all_day": False}},
        {"due": DUE, "start": {"timestamp": "1900000000000", "is_all_day": True}},
        {"members": [{"id": "x", "role": "boss"}]},
        {"members": [{"id": "x"}] * 51},
        {"mode": 3},
        {"reminders": [{"relative_fire_minute": 5}]},
        {"origin": {"href": {"url": "ftp://a.example"}}},
        {"completed_at": 5},
    ],
    ids=lambda value: str(value)[:60],
)
def test_bad_task_is_refused(app: FeishuApp, given: dict[str, Any]) -> None:
    assert app.refusal(TASKS, method="POST", json={"summary": "x"} | given) == (400, 1470400)


def test_patch_clears_what_is_listed_and_not_given(app: FeishuApp, people: list[dict[str, Any]]) -> None:
    guid = create(app, description="内容", due=DUE, members=[member(people[0])])["guid"]
    task = patch(app, guid, ["summary", "due"], summary="新的", description="not listed")
    assert (task["summary"], task["description"], "due" in task) == ("新的", "内容", False)
    assert todos(app, people[0])[0]["due_at"] is None
    for bad in ({"update_fields": []}, {"update_fields": ["members"]}, {"update_fields": ["summary"], "task": {}}, {}):
        assert app.refusal(f"{TASKS}/{guid}", method="PATCH", json=bad) == (400, 1470400)


def test_task_is_completed_once_and_reopened(app: FeishuApp, people: list[dict[str, Any]]) -> None:
    guid = create(app, members=[member(people[0])])["guid"]
    assert patch(app, guid, ["completed_at"], completed_at="1800000000000")["status"] == "done"
    assert todos(app, people[0])[0]["state"] == "done"
    again = {"task": {"completed_at": "1800000000000"}, "update_fields": ["completed_at"]}
    assert app.refusal(f"{TASKS}/{guid}", method="PATCH", json=again) == (400, 1470400)
    assert patch(app, guid, ["completed_at"], completed_at="0")["status"] == "todo"
    assert todos(app, people[0])[0]["state"] == "open"


def test_members_come_and_go(app: FeishuApp, people: list[dict[str, Any]]) -> None:
    guid = create(app, members=[member(people[0])])["guid"]
    path = f"{TASKS}/{guid}"
    added = {"members": [member(people[1]), member(people[0]), {"id": "ou_x"}]}
    assert app.data(f"{path}/add_members", method="POST", json=added)["task"]["members"] == [member(people[0]), member(people[1])]
    app.data(f"{path}/remove_members", method="POST", json={"members": [member(people[0])]})
    assert (todos(app, people[0]), len(todos(app, people[1]))) == ([], 1)


def test_deleted_task_is_gone(app: FeishuApp, people: list[dict[str, Any]]) -> None:
    path = f"{TASKS}/{create(app, members=[member(people[0])])['guid']}"
    app.data(path, method="DELETE")
    assert app.refusal(path) == app.refusal(path, method="DELETE") == (404, 1470404)
    assert todos(app, people[0])[0]["state"] == "deleted"


def test_another_app_sees_only_what_it_belongs_to(app: FeishuApp) -> None:
    foreign = create(app)["guid"]
    shared = create(app, members=[{"id": "cli_other", "type": "app", "role": "follower"}])["guid"]
    app.settings(client_id="cli_other")
    app.__dict__.pop("token")
    app.__dict__.pop("connection", None)
    assert app.refusal(f"{TASKS}/{foreign}") == (403, 1470403)
    assert app.refusal(f"{TASKS}/{foreign}", method="DELETE") == (403, 1470403)
    assert app.data(f"{TASKS}/{shared}")["task"]["guid"] == shared
