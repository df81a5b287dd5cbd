from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.app import App
from tests.sandbox.conftest import LINKED, PEOPLE, SEED

URL = {"appUrl": "https://a.example/m", "pcUrl": "https://a.example/"}


@pytest.fixture
def app(app: App) -> App:
    """With no todos."""
    app.control("POST", "organization", {"people": PEOPLE, "seed": SEED, "linked": LINKED})
    return app


@pytest.fixture
def people(app: App) -> list[dict[str, Any]]:
    return app.truth()["users"]


def call(app: App, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
    headers = {"x-acs-dingtalk-access-token": app.token}
    answer = app.session.request(method, f"{app.url}/v1.0/todo/users/{path}", json=body, headers=headers, timeout=10)
    return answer.status_code, answer.json()


def create(app: App, people: list[dict[str, Any]], **body: Any) -> tuple[int, dict[str, Any]]:
    todo = {"subject": "确认部门变动", "detailUrl": URL, "executorIds": [people[1]["union_id"], people[2]["union_id"]]} | body
    return call(app, "POST", f"{people[0]['union_id']}/tasks?operatorId={people[0]['union_id']}", todo)


def todos(app: App, person: dict[str, Any]) -> list[dict[str, Any]]:
    return app.control("GET", f"inbox?user={person['id']}")["todos"]


def test_todo_is_there_for_its_executors(app: App, people: list[dict[str, Any]]) -> None:
    status, made = create(app, people, dueTime=1_900_000_000_000, description="内容", sourceId="run-1")
    assert (status, made["done"], made["executorIds"]) == (200, False, [people[1]["union_id"], people[2]["union_id"]])
    (todo,) = todos(app, people[1])
    assert (todo["platform_id"], todo["state"], todo["due_at"], todo["url"]) == (made["id"], "open", 1_900_000_000, URL["pcUrl"])
    assert todos(app, people[0]) == []
    assert call(app, "GET", f"{people[0]['union_id']}/tasks/{made['id']}")[1]["subject"] == "确认部门变动"


def test_source_id_is_taken_once_and_found_again(app: App, people: list[dict[str, Any]]) -> None:
    _, made = create(app, people, sourceId="run-1")
    assert create(app, people, sourceId="run-1")[1] | {"requestid": ""} == {
        "code": "todo.taskCreate.paramError", "message": "task exist", "requestid": "",
    }  # fmt: skip
    creator = people[0]["union_id"]
    assert call(app, "GET", f"{creator}/tasks/sources/run-1")[1]["id"] == made["id"]
    assert call(app, "DELETE", f"{creator}/tasks/{made['id']}")[1]["result"] is True
    assert create(app, people, sourceId="run-1")[0] == 200


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"subject": "x" * 1025}, "subject is oversize"),
        ({"dueTime": "tomorrow"}, "dueTime is invalid"),
        ({"executorIds": ["nobody"]}, "executorIds is invalid"),
        ({"executorIds": ["x"] * 101}, "executorIds is oversize"),
        ({"detailUrl": None}, "detailUrl is blank"),
    ],
    ids=str,
)
def test_bad_todo_is_refused(app: App, people: list[dict[str, Any]], body: dict[str, Any], message: str) -> None:
    status, answer = create(app, people, **body)
    assert (status, answer["code"], answer["message"]) == (400, "todo.taskCreate.paramError", message)


def test_update_changes_what_is_named_and_completes(app: App, people: list[dict[str, Any]]) -> None:
    _, made = create(app, people)
    path = f"{people[0]['union_id']}/tasks/{made['id']}"
    assert call(app, "PUT", path, {"subject": "新的", "executorIds": [people[3]["union_id"]]})[1]["result"] is True
    assert (todos(app, people[1]), todos(app, people[3])[0]["title"]) == ([], "新的")
    call(app, "PUT", path, {"done": True})
    assert todos(app, people[3])[0]["state"] == "done"
    assert call(app, "PUT", f"{people[0]['union_id']}/tasks/task0", {"done": True})[1]["message"] == "task not exist"


def test_todo_is_done_when_all_executors_are(app: App, people: list[dict[str, Any]]) -> None:
    _, made = create(app, people)
    path = f"{people[0]['union_id']}/tasks/{made['id']}/executorStatus"
    states = []
    for person in people[1:3]:
        call(app, "PUT", path, {"executorStatusList": [{"id": person["union_id"], "isDone": True}]})
        states.append((todos(app, person)[0]["done"], todos(app, person)[0]["state"]))
    assert states == [(True, "open"), (True, "done")]
    assert call(app, "PUT", path, {"executorStatusList": [{"id": people[5]["union_id"], "isDone": True}]})[0] == 400


def test_deleted_todo_is_gone_for_good(app: App, people: list[dict[str, Any]]) -> None:
    _, made = create(app, people)
    path = f"{people[0]['union_id']}/tasks/{made['id']}"
    call(app, "DELETE", path)
    assert todos(app, people[1])[0]["state"] == "deleted"
    status, answer = call(app, "DELETE", path)
    assert (status, answer["code"], answer["message"]) == (400, "todo.taskDelete.paramError", "task not exist")


def test_query_pages_through_somebodys_todos(app: App, people: list[dict[str, Any]]) -> None:
    for number in range(23):
        create(app, people, subject=f"todo {number}")
    path = f"{people[1]['union_id']}/org/tasks/query"
    first = call(app, "POST", path, {"isDone": False})[1]
    second = call(app, "POST", path, {"isDone": False, "nextToken": first["nextToken"]})[1]
    assert [card["subject"] for card in first["todoCards"] + second["todoCards"]] == [f"todo {number}" for number in reversed(range(23))]
    assert "nextToken" not in second
    assert call(app, "POST", path, {"isDone": True})[1]["todoCards"] == []
    assert call(app, "POST", path, {"roleTypes": [["creator"]]})[1]["todoCards"] == []


def test_permission_method_and_quota_in_the_words_of_the_new_generation(app: App, people: list[dict[str, Any]]) -> None:
    assert call(app, "GET", f"{people[0]['union_id']}/tasks")[1]["code"] == "InvalidAction.NotFound"
    app.settings(billable_calls_per_month=1)
    create(app, people)
    status, answer = create(app, people)
    assert (status, answer["code"]) == (403, "Forbidden.AccessDenied.ApiCountLimitForOrg")
    app.settings(permissions=["qyapi_base"])
    status, answer = create(app, people)
    assert (status, answer["accessdenieddetail"]) == (403, {"requiredScopes": ["Todo.Todo.Write"]})


def test_fault_strikes_one_method_of_a_path(app: App, people: list[dict[str, Any]]) -> None:
    _, made = create(app, people)
    path = f"{people[0]['union_id']}/tasks/{made['id']}"
    app.fault("busy", interface="v1.0/todo/users/{unionId}/tasks/{taskId}", method="DELETE")
    assert call(app, "PUT", path, {"done": True})[0] == 200
    assert call(app, "DELETE", path)[0] == 503
    assert app.control("GET", "inbox/summary")["todos"] == {"open": 0, "done": 1, "deleted": 0, "duplicates": 0}
