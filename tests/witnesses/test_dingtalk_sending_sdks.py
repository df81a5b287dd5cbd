"""DingTalk SDKs send work notifications and todos through the sandbox, ask about them and take them back."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from alibabacloud_dingtalk.todo_1_0 import models
from alibabacloud_dingtalk.todo_1_0.client import Client as TodoClient
from alibabacloud_tea_openapi.models import Config
from alibabacloud_tea_util.models import RuntimeOptions
from dingtalk import AppKeyClient
from dingtalk.core.exceptions import DingTalkClientException
from dingtalk.model.message import BodyBase, LinkBody, MarkdownBody, OaBody, OaBodyContent, SingleActionCardBody, TextBody
from Tea.exceptions import TeaException

from orgsync.platforms.dingtalk.messages import write_msg, write_todo
from orgsync.platforms.sending.messages import Content, Kind
from sandbox.testing import RunningSandbox
from tests.witnesses.conftest import Truth

URL = "https://work.example.com/a?b=1"
PREFIXES = ("dingtalk.oapi.", "dingtalk.corp.")


class OnTopapi(AppKeyClient):
    """dingtalk-sdk asks TOP, the gateway of before 2018, for what stands under topapi/ today: the same parameters, another way there."""

    def top_request(self, method: str, params: dict[str, Any] | None = None, *_: Any, **options: Any) -> Any:
        path = next(method.removeprefix(prefix) for prefix in PREFIXES if method.startswith(prefix)).replace(".", "/")
        return self.post(f"/topapi/{path}", params, **options)


@pytest.fixture
def sdk(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> AppKeyClient:
    monkeypatch.setattr(AppKeyClient, "API_BASE_URL", f"{sandbox.url}/")
    return OnTopapi("dingsandbox", sandbox.client_id, sandbox.client_secret)


@pytest.fixture
def agent_id(sandbox: RunningSandbox) -> int:
    return int(sandbox.control("GET", "dingtalk/settings")["agent_id"])


@pytest.fixture
def people(empty_inboxes: None, truth: Truth) -> list[dict[str, Any]]:
    return truth("dingtalk")["users"]  # type: ignore[no-any-return]


def inbox(sandbox: RunningSandbox, person: dict[str, Any]) -> dict[str, Any]:
    return sandbox.control("GET", f"dingtalk/inbox?user={person['id']}")  # type: ignore[no-any-return]


MESSAGES: dict[str, tuple[BodyBase, Content | None]] = {
    "text": (TextBody("部门调整\n正文"), Content("text", "部门调整", "正文")),
    "markdown": (MarkdownBody("部门调整", "### 部门调整\n\n**正文**"), Content("markdown", "部门调整", "**正文**")),
    "card": (
        SingleActionCardBody("部门调整", "### 部门调整\n\n正文", "查看详情", URL),
        Content("card", "部门调整", "正文", URL),
    ),
    "announcement": (
        OaBody(URL, "FF3370FF", "通知", OaBodyContent(title="部门调整", content="正文", forms=None), pc_message_url=URL),
        Content("announcement", "部门调整", "正文", URL),
    ),
    "link": (LinkBody(URL, "@lALOACZwe2Rk", "部门调整", "正文"), None),
}


@pytest.mark.parametrize(("body", "content"), MESSAGES.values(), ids=MESSAGES.keys())
def test_message_of_each_type_is_written_as_orgsync_writes_it(
    sdk: AppKeyClient, sandbox: RunningSandbox, agent_id: int, people: list[dict[str, Any]], body: BodyBase, content: Content | None
) -> None:
    task_id = sdk.message.asyncsend_v2(body, agent_id, userid_list=[people[0]["id"], people[1]["id"]])
    (message,) = inbox(sandbox, people[1])["messages"]
    assert (message["platform_id"], message["content"]) == (str(task_id), body.get_dict())
    assert content is None or write_msg(content) == body.get_dict()


def test_send_progress_result_and_recall(sdk: AppKeyClient, sandbox: RunningSandbox, agent_id: int, people: list[dict[str, Any]]) -> None:
    first, second = people[:2]
    task_id = sdk.message.asyncsend_v2(TextBody("部门调整"), agent_id, userid_list=f"{first['id']},{second['id']},nobody")
    sandbox.control("POST", "dingtalk/inbox/read", {"user": first["id"], "platform_id": str(task_id)})
    assert sdk.message.getsendprogress(agent_id, task_id) == {"progress_in_percent": 100, "status": 2}
    result = sdk.message.getsendresult(agent_id, task_id)
    assert (result["read_user_id_list"], result["unread_user_id_list"]) == ([first["id"]], [second["id"]])
    assert (result["invalid_user_id_list"], result["forbidden_list"]) == (["nobody"], [])
    assert sdk.message.recall(agent_id, task_id)["errcode"] == 0
    assert inbox(sandbox, second)["messages"][0]["recalled"]
    sandbox.control("PUT", "dingtalk/clock", {"offset_seconds": 90_000})
    for ask in (sdk.message.getsendresult, sdk.message.recall):
        with pytest.raises(DingTalkClientException) as raised:
            ask(agent_id, task_id)
        assert raised.value.errcode == 400002


def test_departments_and_everybody(sdk: AppKeyClient, sandbox: RunningSandbox, agent_id: int, people: list[dict[str, Any]]) -> None:
    """`to_all_user` goes as a text, "true" or "false"."""
    sdk.message.asyncsend_v2(TextBody("部门"), agent_id, dept_id_list=[1])
    sdk.message.asyncsend_v2(TextBody("全员"), agent_id, to_all_user=True)
    sent = sandbox.control("GET", "dingtalk/outbox?recent=2")["sent"]
    assert [(each["to_all"], each["recipients"]) for each in sent] == [(True, len(people)), (False, len(people))]


def test_refusals_reach_the_sdk(sdk: AppKeyClient, agent_id: int, people: list[dict[str, Any]]) -> None:
    for arguments, code in (((TextBody("x"), agent_id + 1, [people[0]["id"]]), 40056), ((TextBody("x"), agent_id), 40035)):
        with pytest.raises(DingTalkClientException) as raised:
            sdk.message.asyncsend_v2(*arguments)
        assert raised.value.errcode == code


class Todos:
    """alibabacloud-dingtalk's todos, in the name of one person."""

    def __init__(self, sandbox: RunningSandbox, creator: str) -> None:
        self._client = TodoClient(Config(protocol="http", region_id="central", endpoint=sandbox.url.removeprefix("http://")))
        self._creator = creator
        self._token = AppKeyClient("dingsandbox", sandbox.client_id, sandbox.client_secret).access_token

    def _call(self, name: str, headers: type, *arguments: Any) -> Any:
        call = getattr(self._client, f"{name}_with_options")
        return call(self._creator, *arguments, headers(x_acs_dingtalk_access_token=self._token), RuntimeOptions()).body

    def create(self, **fields: Any) -> Any:
        request = models.CreateTodoTaskRequest(operator_id=self._creator, creator_id=self._creator, **fields)
        return self._call("create_todo_task", models.CreateTodoTaskHeaders, request)

    def update(self, task_id: str, **fields: Any) -> Any:
        request = models.UpdateTodoTaskRequest(operator_id=self._creator, **fields)
        return self._call("update_todo_task", models.UpdateTodoTaskHeaders, task_id, request)

    def delete(self, task_id: str) -> Any:
        request = models.DeleteTodoTaskRequest(operator_id=self._creator)
        return self._call("delete_todo_task", models.DeleteTodoTaskHeaders, task_id, request)

    def find(self, source_id: str) -> Any:
        return self._call("get_todo_task_by_source_id", models.GetTodoTaskBySourceIdHeaders, source_id)

    def finish(self, task_id: str, union_id: str) -> Any:
        row = models.UpdateTodoTaskExecutorStatusRequestExecutorStatusList(id=union_id, is_done=True)
        request = models.UpdateTodoTaskExecutorStatusRequest(operator_id=self._creator, executor_status_list=[row])
        return self._call("update_todo_task_executor_status", models.UpdateTodoTaskExecutorStatusHeaders, task_id, request)

    def listed(self) -> Any:
        return self._call("query_org_todo_tasks", models.QueryOrgTodoTasksHeaders, models.QueryOrgTodoTasksRequest(is_done=False))


@pytest.fixture
def todos(sdk: AppKeyClient, sandbox: RunningSandbox, people: list[dict[str, Any]]) -> Todos:
    return Todos(sandbox, people[0]["union_id"])


def fields_of(people: list[dict[str, Any]], *executors: int) -> dict[str, Any]:
    return {
        "subject": "部门调整",
        "description": "正文",
        "due_time": 1_772_357_400_000,
        "source_id": "key-1",
        "executor_ids": [people[number]["union_id"] for number in executors],
        "detail_url": models.CreateTodoTaskRequestDetailUrl(app_url=URL, pc_url=URL),
        "is_only_show_executor": True,
        "notify_configs": models.CreateTodoTaskRequestNotifyConfigs(ding_notify="1"),
    }


def test_todo_is_written_as_orgsync_writes_it(people: list[dict[str, Any]]) -> None:
    """The SDK's names of fields, as it would send them."""
    kind: Kind = "todo"
    ours = write_todo(Content(kind, "部门调整", "正文", URL), source_id="key-1", creator="u", executors=["a"])
    sdks = models.CreateTodoTaskRequest(creator_id="u", **fields_of(people, 1) | {"executor_ids": ["a"]}).to_map()
    given = {name: value for name, value in sdks.items() if value not in ([], None) and name != "dueTime"}
    assert given == ours


def test_todo_from_made_to_deleted(todos: Todos, sandbox: RunningSandbox, people: list[dict[str, Any]]) -> None:
    made = todos.create(**fields_of(people, 1, 2))
    assert (made.subject, made.source_id, made.done, len(made.executor_ids), bool(made.request_id)) == ("部门调整", "key-1", False, 2, True)
    assert todos.find("key-1").id == made.id
    assert [card.task_id for card in todos.listed().todo_cards] == [made.id]
    assert todos.update(made.id, subject="已改期", due_time=1_772_400_000_000).result
    (todo,) = inbox(sandbox, people[1])["todos"]
    assert (todo["title"], todo["text"], todo["url"], todo["due_at"]) == ("已改期", "正文", URL, 1_772_400_000)
    assert todos.finish(made.id, people[1]["union_id"]).result
    assert [inbox(sandbox, person)["todos"][0]["done"] for person in people[1:3]] == [True, False]
    assert todos.update(made.id, done=True).result
    assert inbox(sandbox, people[2])["todos"][0]["state"] == "done"
    assert todos.delete(made.id).result
    assert inbox(sandbox, people[2])["todos"][0]["state"] == "deleted"


def test_second_todo_with_the_same_source_id_is_refused(todos: Todos, people: list[dict[str, Any]]) -> None:
    todos.create(**fields_of(people, 1))
    with pytest.raises(TeaException) as raised:
        todos.create(**fields_of(people, 1))
    assert (raised.value.code, raised.value.statusCode) == ("todo.taskCreate.paramError", 400)
    assert "task exist" in raised.value.message
    with pytest.raises(TeaException) as raised:
        todos.delete("nothing")
    assert (raised.value.code, raised.value.statusCode) == ("todo.taskDelete.paramError", 400)


def test_sandbox_answers_a_todo_with_fields_of_the_sdks_model(
    todos: Todos, sandbox: RunningSandbox, people: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    raw: dict[str, Any] = {}
    monkeypatch.setattr(models.CreateTodoTaskResponseBody, "from_map", lambda self, given: raw.update(given) or self)
    todos.create(**fields_of(people, 1))
    every = dict.fromkeys(inspect.signature(models.CreateTodoTaskResponseBody).parameters, "x") | {
        "content_field_list": [],
        "detail_url": models.CreateTodoTaskResponseBodyDetailUrl(),
        "notify_configs": models.CreateTodoTaskResponseBodyNotifyConfigs(),
    }
    known = models.CreateTodoTaskResponseBody(**every).to_map()
    assert {"id", "sourceId", "executorIds", "requestId"} <= raw.keys()
    assert raw.keys() <= known.keys()
