"""Feishu's own SDK, lark-oapi, sends messages and tasks through the sandbox; its models say which fields and types there are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, get_args

import pytest

from orgsync.platforms.feishu.messages import write_batch, write_single, write_task
from orgsync.platforms.sending.messages import KINDS, Content, Delivery, Kind, Person
from sandbox.testing import RunningSandbox
from tests.witnesses.conftest import Truth
from tests.witnesses.lazy import import_when_used

if TYPE_CHECKING:
    from tests.witnesses import lark
else:
    lark = import_when_used("tests.witnesses.lark")

URL = "https://work.example.com/a?b=1"
BATCH = "/open-apis/message/v4/batch_send/"
MESSAGES = [kind for kind in KINDS if kind != "todo"]
NATIVE = {str: str, int: int, bool: bool}


@pytest.fixture
def sdk(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> lark.Client:
    """The SDK keeps tokens for the whole process; here each test begins without one."""
    monkeypatch.setattr(lark.TokenManager, "cache", lark.LocalCache())
    connection = sandbox.connection("feishu")
    builder = lark.Client.builder().domain(sandbox.url).timeout(10)
    return builder.app_id(connection["login"]).app_secret(connection["password"]).build()


@pytest.fixture
def people(empty_inboxes: None, truth: Truth) -> list[Person]:
    return [Person(user["id"], user["union_id"], user["open_id"]) for user in truth("feishu")["users"]]


def inbox(sandbox: RunningSandbox, person: Person) -> dict[str, Any]:
    return sandbox.control("GET", f"feishu/inbox?user={person.user_id}")  # type: ignore[no-any-return]


def good(response: Any) -> Any:
    assert response.success(), (response.code, response.msg)
    return response.data


def raw(response: Any) -> dict[str, Any]:
    assert response.success(), (response.code, response.msg)
    return json.loads(response.raw.content)["data"]  # type: ignore[no-any-return]


def mismatches(record: dict[str, Any], model: type) -> set[tuple[str, str]]:
    """Fields the model does not know, and values of another type than it says."""
    types = model._types  # type: ignore[attr-defined]
    wrong = {(name, "unknown") for name in record if name not in types}
    for name, value in record.items():
        expected = types.get(name)
        if expected in NATIVE and type(value) is not NATIVE[expected]:
            wrong.add((name, f"{type(value).__name__} for {expected.__name__}"))
        elif get_args(expected) and not isinstance(value, list):
            wrong.add((name, f"{type(value).__name__} for a list"))
    return wrong


def delivery(kind: Kind, *people: Person, key: str = "key-of-witness", url: str = URL) -> Delivery:
    return Delivery(Content(kind, "部门调整", "正文", url), key, people=people)


def create(body: dict[str, Any], kind: str = "open_id") -> lark.CreateMessageRequest:
    given = lark.CreateMessageRequestBody(body)
    return lark.CreateMessageRequest.builder().receive_id_type(kind).request_body(given).build()


def by_message(request: Any, message_id: str) -> Any:
    return request.builder().message_id(message_id).build()


def by_batch(request: Any, message_id: str) -> Any:
    return request.builder().batch_message_id(message_id).build()


@pytest.mark.parametrize("kind", MESSAGES)
def test_message_that_orgsync_writes_goes_through_the_sdks_model(
    sdk: lark.Client, sandbox: RunningSandbox, people: list[Person], kind: Kind
) -> None:
    body = write_single(delivery(kind, people[0]), people[0])
    assert mismatches(body, lark.CreateMessageRequestBody) == set()
    answer = sdk.im.v1.message.create(create(body))
    (message,) = inbox(sandbox, people[0])["messages"]
    assert (message["platform_id"], message["content"]) == (good(answer).message_id, json.loads(body["content"]))
    # Times are texts; the SDK calls them numbers.
    assert mismatches(raw(answer), lark.CreateMessageResponseBody) == {("create_time", "str for int"), ("update_time", "str for int")}


def test_same_uuid_is_sent_once(sdk: lark.Client, sandbox: RunningSandbox, people: list[Person]) -> None:
    body = write_single(delivery("text", people[0]), people[0])
    first, again = (good(sdk.im.v1.message.create(create(body))).message_id for _ in range(2))
    assert first == again
    assert len(inbox(sandbox, people[0])["messages"]) == 1


def test_readers_and_recall(sdk: lark.Client, sandbox: RunningSandbox, people: list[Person]) -> None:
    message_id = good(sdk.im.v1.message.create(create(write_single(delivery("text", people[0]), people[0])))).message_id
    asked = lark.ReadUsersMessageRequest.builder().message_id(message_id).user_id_type("open_id").page_size(100).build()
    assert good(sdk.im.v1.message.read_users(asked)).items == []
    sandbox.control("POST", "feishu/inbox/read", {"user": people[0].user_id, "platform_id": message_id})
    page = sdk.im.v1.message.read_users(asked)
    assert [reader.user_id for reader in good(page).items] == [people[0].open_id]
    assert [mismatches(row, lark.ReadUser) for row in raw(page)["items"]] == [set()]
    assert sdk.im.v1.message.delete(by_message(lark.DeleteMessageRequest, message_id)).success()
    assert inbox(sandbox, people[0])["messages"][0]["recalled"]
    assert sdk.im.v1.message.delete(by_message(lark.DeleteMessageRequest, message_id)).code == 230110


def test_recall_after_its_time(sdk: lark.Client, sandbox: RunningSandbox, people: list[Person]) -> None:
    message_id = good(sdk.im.v1.message.create(create(write_single(delivery("text", people[0]), people[0])))).message_id
    sandbox.control("PUT", "feishu/clock", {"offset_seconds": 90_000})
    assert sdk.im.v1.message.delete(by_message(lark.DeleteMessageRequest, message_id)).code == 230009


def send_batch(sdk: lark.Client, body: dict[str, Any]) -> dict[str, Any]:
    """lark-oapi has no method for it: its general `request` knows host and token. It looks for `Content-Type` in this spelling only."""
    request = (
        lark.BaseRequest.builder()
        .http_method(lark.HttpMethod.POST)
        .uri(BATCH)
        .token_types({lark.AccessTokenType.TENANT})
        .body(body)
        .build()
    )
    answer = sdk.request(request).raw
    assert answer.status_code == 200
    return json.loads(answer.content)  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", MESSAGES)
def test_batch_its_progress_and_its_recall(sdk: lark.Client, sandbox: RunningSandbox, people: list[Person], kind: Kind) -> None:
    sent = send_batch(sdk, write_batch(delivery(kind, *people[:2], Person("x", None, "ou_nobody"))))["data"]
    assert sent["invalid_open_ids"] == ["ou_nobody"]
    message_id = sent["message_id"]
    sandbox.control("POST", "feishu/inbox/read", {"user": people[0].user_id, "platform_id": message_id})
    for _ in range(2):
        progress = sdk.im.v1.batch_message.get_progress(by_batch(lark.GetProgressBatchMessageRequest, message_id))
    counted = good(progress).batch_message_send_progress
    assert (counted.valid_user_ids_count, counted.success_user_ids_count, counted.read_user_ids_count) == (2, 2, 1)
    assert mismatches(raw(progress)["batch_message_send_progress"], lark.BatchMessageSendProgress) == set()
    assert mismatches(raw(progress)["batch_message_recall_progress"], lark.BatchMessageRecallProgress) == set()
    readers = sdk.im.v1.batch_message.read_user(by_batch(lark.ReadUserBatchMessageRequest, message_id))
    assert (good(readers).read_user.read_count, good(readers).read_user.total_count) == ("1", "2")
    assert mismatches(raw(readers)["read_user"], lark.BatchMessageReadUser) == set()
    assert sdk.im.v1.batch_message.delete(by_batch(lark.DeleteBatchMessageRequest, message_id)).success()
    assert [inbox(sandbox, person)["messages"][0]["recalled"] for person in people[:2]] == [True, True]


def test_refusals_reach_the_sdk(sdk: lark.Client, people: list[Person]) -> None:
    body = write_single(delivery("text", people[0]), people[0])
    assert sdk.im.v1.message.create(create(body | {"content": "no json"})).code == 230001
    assert sdk.im.v1.message.create(create(body | {"receive_id": "ou_nobody"})).code == 99992351
    assert send_batch(sdk, write_batch(delivery("text", *people[:2])) | {"department_ids": ["0"]})["code"] == 10003


def patch(guid: str, fields: dict[str, Any]) -> lark.PatchTaskRequest:
    given = lark.PatchTaskRequestBody({"task": fields, "update_fields": list(fields)})
    return lark.PatchTaskRequest.builder().task_guid(guid).user_id_type("open_id").request_body(given).build()


def test_task_from_made_to_deleted(sdk: lark.Client, sandbox: RunningSandbox, people: list[Person]) -> None:
    body = write_task(delivery("todo", *people[:2]), user_id_type="open_id")
    assert mismatches(body, lark.InputTask) == set()
    assert {wrong for member in body["members"] for wrong in mismatches(member, lark.Member)} == set()
    asked = lark.CreateTaskRequest.builder().user_id_type("open_id").request_body(lark.InputTask(body)).build()
    made = sdk.task.v2.task.create(asked)
    guid = good(made).task.guid
    assert good(sdk.task.v2.task.create(asked)).task.guid == guid
    assert mismatches(raw(made)["task"], lark.Task) <= {(name, "str for int") for name in ("created_at", "updated_at", "completed_at")}
    (todo,) = inbox(sandbox, people[1])["todos"]
    assert (todo["platform_id"], todo["title"], todo["text"], todo["url"]) == (guid, "部门调整", "正文", URL)
    assert sdk.task.v2.task.patch(patch(guid, {"summary": "已改期"})).success()
    more = lark.AddMembersTaskRequestBody({"members": [{"id": people[2].open_id, "type": "user", "role": "assignee"}]})
    added = lark.AddMembersTaskRequest.builder().task_guid(guid).user_id_type("open_id").request_body(more).build()
    assert len(good(sdk.task.v2.task.add_members(added)).task.members) == 3
    assert sdk.task.v2.task.patch(patch(guid, {"completed_at": "1772357400000"})).success()
    assert sdk.task.v2.task.patch(patch(guid, {"completed_at": "1772357400000"})).code == 1470400
    (todo,) = inbox(sandbox, people[2])["todos"]
    assert (todo["title"], todo["state"]) == ("已改期", "done")
    found = good(sdk.task.v2.task.get(lark.GetTaskRequest.builder().task_guid(guid).user_id_type("open_id").build())).task
    assert (found.status, found.members[0].id) == ("done", people[0].open_id)
    assert sdk.task.v2.task.delete(lark.DeleteTaskRequest.builder().task_guid(guid).build()).success()
    gone = sdk.task.v2.task.get(lark.GetTaskRequest.builder().task_guid(guid).build())
    assert (gone.code, gone.raw.status_code) == (1470404, 404)
    assert inbox(sandbox, people[2])["todos"][0]["state"] == "deleted"
