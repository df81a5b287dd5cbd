"""Feishu's own SDK, lark-oapi, sends messages and tasks through the sandbox; its models say which fields and types there are."""

from __future__ import annotations

import json
from typing import Any, get_args

import lark_oapi
import pytest
from lark_oapi.api.im.v1.model.batch_message_read_user import BatchMessageReadUser
from lark_oapi.api.im.v1.model.batch_message_recall_progress import BatchMessageRecallProgress
from lark_oapi.api.im.v1.model.batch_message_send_progress import BatchMessageSendProgress
from lark_oapi.api.im.v1.model.create_message_request import CreateMessageRequest
from lark_oapi.api.im.v1.model.create_message_request_body import CreateMessageRequestBody
from lark_oapi.api.im.v1.model.create_message_response_body import CreateMessageResponseBody
from lark_oapi.api.im.v1.model.delete_batch_message_request import DeleteBatchMessageRequest
from lark_oapi.api.im.v1.model.delete_message_request import DeleteMessageRequest
from lark_oapi.api.im.v1.model.get_progress_batch_message_request import GetProgressBatchMessageRequest
from lark_oapi.api.im.v1.model.read_user import ReadUser
from lark_oapi.api.im.v1.model.read_user_batch_message_request import ReadUserBatchMessageRequest
from lark_oapi.api.im.v1.model.read_users_message_request import ReadUsersMessageRequest
from lark_oapi.api.task.v2.model.add_members_task_request import AddMembersTaskRequest
from lark_oapi.api.task.v2.model.add_members_task_request_body import AddMembersTaskRequestBody
from lark_oapi.api.task.v2.model.create_task_request import CreateTaskRequest
from lark_oapi.api.task.v2.model.delete_task_request import DeleteTaskRequest
from lark_oapi.api.task.v2.model.get_task_request import GetTaskRequest
from lark_oapi.api.task.v2.model.input_task import InputTask
from lark_oapi.api.task.v2.model.member import Member
from lark_oapi.api.task.v2.model.patch_task_request import PatchTaskRequest
from lark_oapi.api.task.v2.model.patch_task_request_body import PatchTaskRequestBody
from lark_oapi.api.task.v2.model.task import Task
from lark_oapi.core import AccessTokenType, HttpMethod
from lark_oapi.core.cache import LocalCache
from lark_oapi.core.model import BaseRequest
from lark_oapi.core.token import TokenManager

from orgsync.platforms.feishu.messages import write_batch, write_single, write_task
from orgsync.platforms.sending.messages import KINDS, Content, Delivery, Kind, Person
from sandbox.testing import RunningSandbox
from tests.witnesses.conftest import Truth

URL = "https://work.example.com/a?b=1"
BATCH = "/open-apis/message/v4/batch_send/"
MESSAGES = [kind for kind in KINDS if kind != "todo"]
NATIVE = {str: str, int: int, bool: bool}


@pytest.fixture
def sdk(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> lark_oapi.Client:
    """The SDK keeps tokens for the whole process; here each test begins without one."""
    monkeypatch.setattr(TokenManager, "cache", LocalCache())
    connection = sandbox.connection("feishu")
    builder = lark_oapi.Client.builder().domain(sandbox.url).timeout(10)
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


def create(body: dict[str, Any], kind: str = "open_id") -> CreateMessageRequest:
    given = CreateMessageRequestBody(body)
    return CreateMessageRequest.builder().receive_id_type(kind).request_body(given).build()


def by_message(request: Any, message_id: str) -> Any:
    return request.builder().message_id(message_id).build()


def by_batch(request: Any, message_id: str) -> Any:
    return request.builder().batch_message_id(message_id).build()


@pytest.mark.parametrize("kind", MESSAGES)
def test_message_that_orgsync_writes_goes_through_the_sdks_model(
    sdk: lark_oapi.Client, sandbox: RunningSandbox, people: list[Person], kind: Kind
) -> None:
    body = write_single(delivery(kind, people[0]), people[0])
    assert mismatches(body, CreateMessageRequestBody) == set()
    answer = sdk.im.v1.message.create(create(body))
    (message,) = inbox(sandbox, people[0])["messages"]
    assert (message["platform_id"], message["content"]) == (good(answer).message_id, json.loads(body["content"]))
    # Times are texts; the SDK calls them numbers.
    assert mismatches(raw(answer), CreateMessageResponseBody) == {("create_time", "str for int"), ("update_time", "str for int")}


def test_same_uuid_is_sent_once(sdk: lark_oapi.Client, sandbox: RunningSandbox, people: list[Person]) -> None:
    body = write_single(delivery("text", people[0]), people[0])
    first, again = (good(sdk.im.v1.message.create(create(body))).message_id for _ in range(2))
    assert first == again
    assert len(inbox(sandbox, people[0])["messages"]) == 1


def test_readers_and_recall(sdk: lark_oapi.Client, sandbox: RunningSandbox, people: list[Person]) -> None:
    message_id = good(sdk.im.v1.message.create(create(write_single(delivery("text", people[0]), people[0])))).message_id
    asked = ReadUsersMessageRequest.builder().message_id(message_id).user_id_type("open_id").page_size(100).build()
    assert good(sdk.im.v1.message.read_users(asked)).items == []
    sandbox.control("POST", "feishu/inbox/read", {"user": people[0].user_id, "platform_id": message_id})
    page = sdk.im.v1.message.read_users(asked)
    assert [reader.user_id for reader in good(page).items] == [people[0].open_id]
    assert [mismatches(row, ReadUser) for row in raw(page)["items"]] == [set()]
    assert sdk.im.v1.message.delete(by_message(DeleteMessageRequest, message_id)).success()
    assert inbox(sandbox, people[0])["messages"][0]["recalled"]
    assert sdk.im.v1.message.delete(by_message(DeleteMessageRequest, message_id)).code == 230110


def test_recall_after_its_time(sdk: lark_oapi.Client, sandbox: RunningSandbox, people: list[Person]) -> None:
    message_id = good(sdk.im.v1.message.create(create(write_single(delivery("text", people[0]), people[0])))).message_id
    sandbox.control("PUT", "feishu/clock", {"offset_seconds": 90_000})
    assert sdk.im.v1.message.delete(by_message(DeleteMessageRequest, message_id)).code == 230009


def send_batch(sdk: lark_oapi.Client, body: dict[str, Any]) -> dict[str, Any]:
    """lark-oapi has no method for it: its general `request` knows host and token. It looks for `Content-Type` in this spelling only."""
    request = BaseRequest.builder().http_method(HttpMethod.POST).uri(BATCH).token_types({AccessTokenType.TENANT}).body(body).build()
    answer = sdk.request(request).raw
    assert answer.status_code == 200
    return json.loads(answer.content)  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", MESSAGES)
def test_batch_its_progress_and_its_recall(sdk: lark_oapi.Client, sandbox: RunningSandbox, people: list[Person], kind: Kind) -> None:
    sent = send_batch(sdk, write_batch(delivery(kind, *people[:2], Person("x", None, "ou_nobody"))))["data"]
    assert sent["invalid_open_ids"] == ["ou_nobody"]
    message_id = sent["message_id"]
    sandbox.control("POST", "feishu/inbox/read", {"user": people[0].user_id, "platform_id": message_id})
    for _ in range(2):
        progress = sdk.im.v1.batch_message.get_progress(by_batch(GetProgressBatchMessageRequest, message_id))
    counted = good(progress).batch_message_send_progress
    assert (counted.valid_user_ids_count, counted.success_user_ids_count, counted.read_user_ids_count) == (2, 2, 1)
    assert mismatches(raw(progress)["batch_message_send_progress"], BatchMessageSendProgress) == set()
    assert mismatches(raw(progress)["batch_message_recall_progress"], BatchMessageRecallProgress) == set()
    readers = sdk.im.v1.batch_message.read_user(by_batch(ReadUserBatchMessageRequest, message_id))
    assert (good(readers).read_user.read_count, good(readers).read_user.total_count) == ("1", "2")
    assert mismatches(raw(readers)["read_user"], BatchMessageReadUser) == set()
    assert sdk.im.v1.batch_message.delete(by_batch(DeleteBatchMessageRequest, message_id)).success()
    assert [inbox(sandbox, person)["messages"][0]["recalled"] for person in people[:2]] == [True, True]


def test_refusals_reach_the_sdk(sdk: lark_oapi.Client, people: list[Person]) -> None:
    body = write_single(delivery("text", people[0]), people[0])
    assert sdk.im.v1.message.create(create(body | {"content": "no json"})).code == 230001
    assert sdk.im.v1.message.create(create(body | {"receive_id": "ou_nobody"})).code == 99992351
    assert send_batch(sdk, write_batch(delivery("text", *people[:2])) | {"department_ids": ["0"]})["code"] == 10003


def patch(guid: str, fields: dict[str, Any]) -> PatchTaskRequest:
    given = PatchTaskRequestBody({"task": fields, "update_fields": list(fields)})
    return PatchTaskRequest.builder().task_guid(guid).user_id_type("open_id").request_body(given).build()


def test_task_from_made_to_deleted(sdk: lark_oapi.Client, sandbox: RunningSandbox, people: list[Person]) -> None:
    body = write_task(delivery("todo", *people[:2]), user_id_type="open_id")
    assert mismatches(body, InputTask) == set()
    assert {wrong for member in body["members"] for wrong in mismatches(member, Member)} == set()
    asked = CreateTaskRequest.builder().user_id_type("open_id").request_body(InputTask(body)).build()
    made = sdk.task.v2.task.create(asked)
    guid = good(made).task.guid
    assert good(sdk.task.v2.task.create(asked)).task.guid == guid
    assert mismatches(raw(made)["task"], Task) <= {(name, "str for int") for name in ("created_at", "updated_at", "completed_at")}
    (todo,) = inbox(sandbox, people[1])["todos"]
    assert (todo["platform_id"], todo["title"], todo["text"], todo["url"]) == (guid, "部门调整", "正文", URL)
    assert sdk.task.v2.task.patch(patch(guid, {"summary": "已改期"})).success()
    more = AddMembersTaskRequestBody({"members": [{"id": people[2].open_id, "type": "user", "role": "assignee"}]})
    added = AddMembersTaskRequest.builder().task_guid(guid).user_id_type("open_id").request_body(more).build()
    assert len(good(sdk.task.v2.task.add_members(added)).task.members) == 3
    assert sdk.task.v2.task.patch(patch(guid, {"completed_at": "1772357400000"})).success()
    assert sdk.task.v2.task.patch(patch(guid, {"completed_at": "1772357400000"})).code == 1470400
    (todo,) = inbox(sandbox, people[2])["todos"]
    assert (todo["title"], todo["state"]) == ("已改期", "done")
    found = good(sdk.task.v2.task.get(GetTaskRequest.builder().task_guid(guid).user_id_type("open_id").build())).task
    assert (found.status, found.members[0].id) == ("done", people[0].open_id)
    assert sdk.task.v2.task.delete(DeleteTaskRequest.builder().task_guid(guid).build()).success()
    gone = sdk.task.v2.task.get(GetTaskRequest.builder().task_guid(guid).build())
    assert (gone.code, gone.raw.status_code) == (1470404, 404)
    assert inbox(sandbox, people[2])["todos"][0]["state"] == "deleted"
