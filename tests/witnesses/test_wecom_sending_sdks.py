"""WeCom SDKs send application messages through the sandbox; wechatpy joins ids by itself, wecomkit is given them joined."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from wechatpy.exceptions import WeChatClientException
from wechatpy.work import WeChatClient
from wecomkit import AsyncWeComClient, WeComAPIError, WeComConfig

from orgsync.platforms.sending.messages import Content, Delivery, Person
from orgsync.platforms.wecom.messages import write_message, write_send
from sandbox.testing import RunningSandbox
from tests.witnesses.conftest import Redirect, Truth

URL = "https://work.example.com/a?b=1"
Ask = Callable[[Callable[[AsyncWeComClient], Awaitable[Any]]], Any]


@pytest.fixture
def sdk(sandbox: RunningSandbox, redirect: Redirect) -> WeChatClient:
    connection = sandbox.connection("wecom")
    return WeChatClient(connection["login"], connection["password"])


@pytest.fixture
def kit(sandbox: RunningSandbox) -> Ask:
    connection = sandbox.connection("wecom")
    config = WeComConfig(connection["login"], connection["password"], base_url=sandbox.url)

    async def ask(question: Callable[[AsyncWeComClient], Awaitable[Any]]) -> Any:
        async with AsyncWeComClient(config) as client:
            return await question(client)

    return lambda question: asyncio.run(ask(question))


@pytest.fixture
def agent_id(sandbox: RunningSandbox) -> int:
    return int(sandbox.control("GET", "wecom/settings")["agent_id"])


@pytest.fixture
def ids(empty_inboxes: None, truth: Truth) -> list[str]:
    return [user["id"] for user in truth("wecom")["users"]]


def messages(sandbox: RunningSandbox, user_id: str) -> list[dict[str, Any]]:
    return sandbox.control("GET", f"wecom/inbox?user={user_id}")["messages"]  # type: ignore[no-any-return]


CONTENTS = {
    "text": Content("text", "部门调整", "正文"),
    "markdown": Content("markdown", "部门调整", "**正文**"),
    "card": Content("card", "部门调整", "正文", URL),
}


@pytest.mark.parametrize("kind", CONTENTS)
def test_message_of_each_type_is_written_as_orgsync_writes_it(
    sdk: WeChatClient, kit: Ask, sandbox: RunningSandbox, agent_id: int, ids: list[str], kind: str
) -> None:
    ours = write_message(CONTENTS[kind])
    inner = ours[ours["msgtype"]]
    if kind == "card":
        sent = sdk.message.send_text_card(agent_id, ids[:2], inner["title"], inner["description"], inner["url"], inner["btntxt"])
        again = kit(lambda client: client.messages.send_textcard(agent_id, **inner, to_user="|".join(ids[:2])))
    else:
        sent = {"text": sdk.message.send_text, "markdown": sdk.message.send_markdown}[kind](agent_id, ids[:2], inner["content"])
        again = kit(lambda client: client.messages.send(kind, agent_id, inner, to_user="|".join(ids[:2])))
    second, first = messages(sandbox, ids[1])
    assert (first["platform_id"], second["platform_id"]) == (sent["msgid"], again["msgid"])
    assert first["content"] == second["content"] == inner


def test_names_of_the_parameters_are_orgsyncs(agent_id: int, ids: list[str]) -> None:
    """What wecomkit sends to a person and a department, less what is at its default there."""
    sent: dict[str, Any] = {}

    class Recorder(type(AsyncWeComClient(WeComConfig("c", "s")).messages)):  # type: ignore[misc]
        async def _post(self, path: str, *, json: dict[str, Any]) -> dict[str, Any]:
            sent.update(json, path=path)
            return {}

    content = CONTENTS["text"]
    ours = write_send(Delivery(content, "k", people=(Person("a"), Person("b")), department_ids=("1", "2")), agent_id=agent_id)
    asyncio.run(
        Recorder.send(
            Recorder.__new__(Recorder),
            "text",
            agent_id,
            write_message(content)["text"],
            to_user="a|b",
            to_party="1|2",
            enable_duplicate_check=1,
            duplicate_check_interval=14_400,
        )
    )
    assert sent == ours | {"safe": 0, "enable_id_trans": 0, "path": "/cgi-bin/message/send"}


def test_departments_and_everybody(sdk: WeChatClient, kit: Ask, sandbox: RunningSandbox, agent_id: int, ids: list[str]) -> None:
    sdk.message.send_text(agent_id, "", "部门", party_ids=["1"])
    kit(lambda client: client.messages.send_text(agent_id, "全员", to_user="@all"))
    sent = sandbox.control("GET", "wecom/outbox?recent=2")["sent"]
    assert [(each["to_all"], each["recipients"]) for each in sent] == [(True, len(ids)), (False, len(ids))]


def test_part_of_the_receivers_is_a_success_and_none_is_not(
    sdk: WeChatClient, kit: Ask, sandbox: RunningSandbox, agent_id: int, ids: list[str]
) -> None:
    answer = sdk.message.send_text(agent_id, [ids[0], "Nobody"], "部门调整", party_ids=["404"])
    assert (answer["errcode"], answer["invaliduser"], answer["invalidparty"]) == (0, "nobody", "404")
    with pytest.raises(WeChatClientException) as raised:
        sdk.message.send_text(agent_id, ["Nobody"], "部门调整")
    assert raised.value.errcode == 81013
    with pytest.raises(WeComAPIError) as refused:
        kit(lambda client: client.messages.send_text(agent_id, "部门调整"))
    assert refused.value.errcode == 82001
    with pytest.raises(WeChatClientException) as raised:
        sdk.message.send_text(agent_id + 1, [ids[0]], "部门调整")
    assert raised.value.errcode == 301002
    assert len(messages(sandbox, ids[0])) == 1


def test_identical_request_is_dropped_when_asked(kit: Ask, sandbox: RunningSandbox, agent_id: int, ids: list[str]) -> None:
    def send(check: int) -> Any:
        return kit(
            lambda client: client.messages.send("text", agent_id, {"content": "部门调整"}, to_user=ids[0], enable_duplicate_check=check)
        )

    assert send(1)["msgid"] == send(1)["msgid"]
    send(0)
    send(0)
    assert len(messages(sandbox, ids[0])) == 3


def test_recall(sdk: WeChatClient, sandbox: RunningSandbox, agent_id: int, ids: list[str]) -> None:
    """Neither SDK has a method for it: wechatpy's general `post` knows token and envelope."""
    msgid = sdk.message.send_text(agent_id, ids[:1], "部门调整")["msgid"]
    assert sdk.post("message/recall", data={"msgid": msgid})["errmsg"] == "ok"
    assert messages(sandbox, ids[0])[0]["recalled"]
    sandbox.control("PUT", "wecom/clock", {"offset_seconds": 90_000})
    with pytest.raises(WeChatClientException) as raised:
        sdk.post("message/recall", data={"msgid": msgid})
    assert raised.value.errcode == 42052
