"""SDKs are told of changes by the sandbox: over both streams, and by callbacks that their crypto opens."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

import pytest
from dingtalk.crypto import DingTalkCrypto
from wechatpy.work import parse_message
from wechatpy.work.crypto import WeChatCrypto

from sandbox.testing import RunningSandbox, start_sandbox
from tests.sandbox.receiver import Receiver, wait_until

CHECKOUT = Path(__file__).parents[2]
ONE_OF_EACH = {
    "joined": 1, "left": 1, "moved": 1, "renamed": 1, "departments_created": 1, "departments_renamed": 1, "departments_removed": 1,
}  # fmt: skip
PATIENCE = 60
PATIENT = {"stream_answer_seconds": 60, "stream_retry_seconds": [0.1, 0.1], "event_check_seconds": 60, "event_answer_seconds": 60}
"""What an SDK answers counts, and not how busy the machine is."""


@pytest.fixture(scope="module")
def changing() -> Iterator[RunningSandbox]:
    with start_sandbox(people=80, departments=12, seed=5, **PATIENT) as sandbox:
        yield sandbox


class Listener:
    """What an SDK tells, line by line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: Queue[str] = Queue()
        Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.put(line)

    def next(self) -> dict[str, Any]:
        try:
            return json.loads(self.lines.get(timeout=PATIENCE))
        except Empty:
            pytest.fail("the SDK said nothing")

    def take(self, count: int) -> list[dict[str, Any]]:
        return [self.next() for _ in range(count)]


@contextmanager
def listening(sandbox: RunningSandbox, platform: str, module: str, *arguments: str, **environment: str) -> Iterator[Listener]:
    """Until its connection is open, and then."""
    before = len(sandbox.control("GET", f"{platform}/streams")["streams"])
    command = [sys.executable, "-W", "ignore", "-m", f"tests.witnesses.listeners.{module}", *arguments]
    plain = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    with subprocess.Popen(
        command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=plain | environment
    ) as process:
        try:
            wait_until(lambda: len(sandbox.control("GET", f"{platform}/streams")["streams"]) > before, seconds=5 * PATIENCE)
            yield Listener(process)
        finally:
            process.kill()
            process.communicate()
            wait_until(lambda: len(sandbox.control("GET", f"{platform}/streams")["streams"]) == before, seconds=PATIENCE)


def on_dingtalk(sandbox: RunningSandbox, *later: str) -> Any:
    pair = (sandbox.client_id, sandbox.client_secret)
    return listening(sandbox, "dingtalk", "dingtalk_listener", *pair, *later, DINGTALK_OPENAPI_ENDPOINT=sandbox.url)


def on_feishu(sandbox: RunningSandbox) -> Any:
    found = sandbox.connection("feishu")
    return listening(sandbox, "feishu", "feishu_listener", sandbox.url, found["login"], found["password"])


def emitted(sandbox: RunningSandbox, platform: str, since: int = 0) -> list[dict[str, Any]]:
    """When nothing is under way any more."""
    wait_until(lambda: not sandbox.control("GET", f"{platform}/events?summary=1")["pending"], seconds=PATIENCE)
    return sandbox.control("GET", f"{platform}/events?since={since}")["events"]


def so_far(sandbox: RunningSandbox, platform: str) -> int:
    return sandbox.control("GET", f"{platform}/events?summary=1")["emitted"]


def test_dingtalk_stream_receives_and_acknowledges_every_event(changing: RunningSandbox) -> None:
    since = so_far(changing, "dingtalk")
    with on_dingtalk(changing) as listener:
        changing.control("POST", "dingtalk/evolve", ONE_OF_EACH)
        events = emitted(changing, "dingtalk", since)
        told = listener.take(len(events))
    assert {event["state"] for event in events} == {"delivered"}
    assert {one["id"]: one["type"] for one in told} == {event["id"]: event["type"] for event in events}
    assert {one["corp"] for one in told} == {"dingsandbox"}
    ids = {one["id"]: one["data"].get("userId") or one["data"].get("deptId") for one in told}
    assert {key: [str(value) for value in values] for key, values in ids.items()} == {event["id"]: event["object_ids"] for event in events}


def test_dingtalk_stream_gets_again_what_it_did_not_acknowledge(changing: RunningSandbox) -> None:
    since = so_far(changing, "dingtalk")
    with on_dingtalk(changing, "user_leave_org") as listener:
        changing.control("POST", "dingtalk/evolve", {"left": 2})
        events = emitted(changing, "dingtalk", since)
        told = listener.take(sum(len(event["attempts"]) for event in events))
    left = [event["id"] for event in events if event["type"] == "user_leave_org"]
    assert len(left) == 2
    assert {event["state"] for event in events} == {"delivered"}
    assert all([one["id"] for one in told].count(event_id) == 2 for event_id in left)


def test_several_dingtalk_streams_share_the_events(changing: RunningSandbox) -> None:
    since = so_far(changing, "dingtalk")
    with on_dingtalk(changing) as first, on_dingtalk(changing) as second:
        changing.control("POST", "dingtalk/evolve", {"renamed": 30})
        events = emitted(changing, "dingtalk", since)
        wait_until(lambda: first.lines.qsize() + second.lines.qsize() >= len(events), seconds=PATIENCE)
        shares = [first.lines.qsize(), second.lines.qsize()]
    assert sum(shares) == len(events) == 30
    assert min(shares) > 0


def test_dingtalk_stream_closes_when_it_is_told_that_the_connection_ends(changing: RunningSandbox) -> None:
    with on_dingtalk(changing):
        [ended] = changing.control("POST", "dingtalk/streams/disconnect")["ended"]
        # It connects anew some seconds after that.
        wait_until(lambda: ended not in [each["id"] for each in changing.control("GET", "dingtalk/streams")["streams"]], seconds=PATIENCE)


@pytest.mark.timeout(600)
def test_lark_receives_and_acknowledges_every_event_whole_and_split(changing: RunningSandbox) -> None:
    """Once for both, as it may take minutes to import when its modules are not compiled yet."""
    one = changing.control("GET", "feishu/organization")["users"][0]["id"]
    with on_feishu(changing) as listener:
        for most_bytes, in_range in ((0, [one]), (300, [])):
            changing.control("PUT", "feishu/settings", {"stream_frame_bytes": most_bytes})
            since = so_far(changing, "feishu")
            changing.control("POST", "feishu/evolve", ONE_OF_EACH)
            changing.control("PUT", "feishu/settings", {"visible_users": in_range})
            events = emitted(changing, "feishu", since)
            check_what_lark_told(listener.take(len(events)), events)


def check_what_lark_told(told: list[dict[str, Any]], events: list[dict[str, Any]]) -> None:
    assert {event["state"] for event in events} == {"delivered"}
    assert {one["header"]["event_id"]: one["header"]["event_type"] for one in told} == {event["id"]: event["type"] for event in events}
    assert {"contact.user.created_v3", "contact.user.deleted_v3", "contact.scope.updated_v3", "contact.department.deleted_v3"} <= {
        event["type"] for event in events
    }
    people = {one["header"]["event_id"]: one["event"]["object"] for one in told if ".user." in one["header"]["event_type"]}
    assert all(person["open_id"] and person["name"] and person["user_id"] for person in people.values())
    known = {event["id"]: event["object_ids"] for event in events}
    assert all(known[event_id] == [person["user_id"]] for event_id, person in people.items())


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def test_dingtalk_sdk_opens_what_dingtalk_posts_and_its_answer_is_taken(changing: RunningSandbox, receiver: Receiver) -> None:
    found = changing.control("GET", "dingtalk/callback")
    crypto = DingTalkCrypto(found["token"], found["key"], changing.client_id)

    def answer(_: str, query: dict[str, str], __: Any, body: bytes) -> bytes:
        receiver.told.append(json.loads(crypto.decrypt_message(body, query["signature"], query["timestamp"], query["nonce"])))
        return json.dumps(crypto.encrypt_message("success")).encode()

    receiver.answer = answer
    since = so_far(changing, "dingtalk")
    changing.control("PUT", "dingtalk/callback", {"url": receiver.url})
    changing.control("POST", "dingtalk/evolve", ONE_OF_EACH)
    events = emitted(changing, "dingtalk", since)
    changing.control("PUT", "dingtalk/callback", {"mode": "off"})
    assert {event["state"] for event in events} == {"delivered"}
    check, *told = receiver.told
    assert check == {"EventType": "check_url"}
    assert {(one["eventId"], one["EventType"]) for one in told} == {(event["id"], event["type"]) for event in events}


def test_wechatpy_opens_what_wecom_posts(changing: RunningSandbox, receiver: Receiver) -> None:
    found = changing.control("GET", "wecom/callback")
    corp_id = changing.connection("wecom")["login"]
    crypto = WeChatCrypto(found["token"], found["key"], corp_id)

    def answer(method: str, query: dict[str, str], _: Any, body: bytes) -> bytes:
        signed = (query["msg_signature"], query["timestamp"], query["nonce"])
        if method == "GET":
            found_inside = crypto.check_signature(*signed, query["echostr"])
            return found_inside if isinstance(found_inside, bytes) else found_inside.encode()
        receiver.told.append(parse_message(crypto.decrypt_message(body, *signed)))
        return b""

    receiver.answer = answer
    changing.control("PUT", "wecom/callback", {"url": receiver.url})
    changing.control("POST", "wecom/evolve", ONE_OF_EACH)
    events = emitted(changing, "wecom")
    changing.control("PUT", "wecom/callback", {"mode": "off"})
    assert {event["state"] for event in events} == {"delivered"}
    told = [message._data for message in receiver.told]  # wechatpy has no class for the changes of contacts
    assert {(one["MsgType"], one["Event"], one["ToUserName"]) for one in told} == {("event", "change_contact", corp_id)}
    known = sorted((event["type"], event["object_ids"][0]) for event in events)
    assert sorted((one["ChangeType"], one.get("UserID") or one["Id"]) for one in told) == known


def test_lark_opens_and_verifies_what_feishu_posts(changing: RunningSandbox, receiver: Receiver) -> None:
    import lark_oapi
    from lark_oapi.core.model import RawRequest

    found = changing.control("GET", "feishu/callback")
    told: Callable[[Any], None] = receiver.told.append
    builder = lark_oapi.EventDispatcherHandler.builder(found["key"], found["token"])
    for kind in ("user_created", "user_updated", "user_deleted", "department_created", "department_updated", "department_deleted"):
        builder = getattr(builder, f"register_p2_contact_{kind}_v3")(told)
    handler = builder.build()

    def answer(_: str, __: dict[str, str], headers: dict[str, str], body: bytes) -> bytes:
        request = RawRequest()
        request.uri, request.body, request.headers = "/", body, headers
        response = handler.do(request)
        assert response.status_code == 200, response.content
        return bytes(response.content)

    receiver.answer = answer
    since = so_far(changing, "feishu")
    changing.control("PUT", "feishu/callback", {"url": receiver.url})
    changing.control("POST", "feishu/evolve", ONE_OF_EACH)
    events = emitted(changing, "feishu", since)
    changing.control("PUT", "feishu/callback", {"mode": "off"})
    assert {event["state"] for event in events} == {"delivered"}
    assert {one.header.event_id for one in receiver.told} == {event["id"] for event in events}
