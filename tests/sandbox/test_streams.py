"""Streams: who is let in, what is said over a connection, and how one ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from sandbox.feishu.frames import CONTROL, DATA, make_frame, read_frame
from sandbox.testing import RunningSandbox, start_sandbox
from tests.sandbox.receiver import wait_until

PLATFORMS = ("dingtalk", "feishu")
QUICK = {"stream_answer_seconds": 60, "stream_retry_seconds": [0.05, 0.05, 0.05], "stream_linger_seconds": 0.3, "events_at_once": 1}
PATIENCE = 60.0
EVENTS = [{"type": "EVENT", "topic": "*"}]


@pytest.fixture(scope="module")
def telling() -> Iterator[RunningSandbox]:
    with start_sandbox(people=60, departments=8, seed=5, calls_per_second=0) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(telling: RunningSandbox) -> Iterator[RunningSandbox]:
    before = {platform: telling.control("GET", f"{platform}/settings") for platform in PLATFORMS}
    for platform in PLATFORMS:
        telling.control("PUT", f"{platform}/settings", QUICK)
    yield telling
    for platform in PLATFORMS:
        telling.control("POST", f"{platform}/streams/restart", {"seconds": 0})
        telling.control("DELETE", f"{platform}/event_faults")
        telling.control("PUT", f"{platform}/callback", {"mode": "off"})
        telling.control("PUT", f"{platform}/settings", before[platform])
        telling.control("POST", f"{platform}/organization", {"people": 60, "departments": 8, "seed": 5})


class Client:
    """An app at the other end, which does only what a test says."""

    def __init__(self, sandbox: RunningSandbox, platform: str, **options: Any) -> None:
        self.platform = platform
        self.url = url_of(sandbox, platform, **options)
        self.open = ExitStack()

    def __enter__(self) -> Client:
        self.socket: ClientConnection = self.open.enter_context(connect(self.url, proxy=None))
        return self

    def __exit__(self, *_: object) -> None:
        self.open.close()

    def hear(self, seconds: float = PATIENCE) -> dict[str, Any]:
        """Kind, id of the message, content and headers of a frame."""
        frame = self.socket.recv(seconds)
        if isinstance(frame, str):
            found = json.loads(frame)
            headers = found["headers"]
            assert found["specVersion"] == "1.0"
            assert all(isinstance(value, str) for value in headers.values())
            kind = "event" if found["type"] == "EVENT" else headers["topic"]
            return {"kind": kind, "id": headers["messageId"], "content": json.loads(found["data"]), "headers": headers}
        read = read_frame(frame)
        assert read
        method, headers, payload = read
        assert headers["type"] != "event" or method == DATA
        return {"kind": headers["type"], "id": headers.get("message_id"), "content": payload, "headers": headers}

    def answer(self, message: dict[str, Any], /, code: int = 200, **data: Any) -> None:
        if self.platform == "dingtalk":
            headers = {"messageId": message["id"], "contentType": "application/json"}
            self.socket.send(json.dumps({"code": code, "headers": headers, "message": "OK", "data": json.dumps(data)}))
        else:
            self.socket.send(make_frame(DATA, message["headers"] | {"biz_rt": "1"}, json.dumps({"code": code}).encode(), service=7))

    def event_id(self, message: dict[str, Any]) -> str:
        if self.platform == "dingtalk":
            return str(message["headers"]["eventId"])
        return str(json.loads(message["content"])["header"]["event_id"])


def refused(url: str) -> Any:
    """The answer to somebody who is not let in."""
    with pytest.raises(InvalidStatus) as found, connect(url, proxy=None):
        pass
    return found.value.response


def open_dingtalk(sandbox: RunningSandbox, **changes: Any) -> requests.Response:
    body = {"clientId": sandbox.client_id, "clientSecret": sandbox.client_secret, "subscriptions": EVENTS, "ua": "tests"} | changes
    return requests.post(f"{sandbox.url}/v1.0/gateway/connections/open", json=body, timeout=10)


def open_feishu(sandbox: RunningSandbox, **changes: Any) -> dict[str, Any]:
    found = sandbox.connection("feishu")
    body = {"AppID": found["login"], "AppSecret": found["password"]} | changes
    answer = requests.post(f"{sandbox.url}/callback/ws/endpoint", json=body, headers={"locale": "zh"}, timeout=10)
    assert answer.status_code == 200
    return dict(answer.json())


def url_of(sandbox: RunningSandbox, platform: str, **changes: Any) -> str:
    if platform == "feishu":
        return str(open_feishu(sandbox, **changes)["data"]["URL"])
    found = open_dingtalk(sandbox, **changes).json()
    return f"{found['endpoint']}?ticket={found['ticket']}"


def settle(sandbox: RunningSandbox, platform: str) -> list[dict[str, Any]]:
    wait_until(lambda: not sandbox.control("GET", f"{platform}/events?summary=1")["pending"])
    return list(sandbox.control("GET", f"{platform}/events")["events"])


def move_a_department(sandbox: RunningSandbox, platform: str, amount: int = 1) -> None:
    sandbox.control("POST", f"{platform}/evolve", {"departments_moved": amount})


@pytest.mark.parametrize("platform", PLATFORMS)
class TestOnBothPlatforms:
    def test_first_connection_turns_the_stream_on(self, sandbox: RunningSandbox, platform: str) -> None:
        assert sandbox.control("GET", f"{platform}/callback")["mode"] == "off"
        with Client(sandbox, platform):
            wait_until(lambda: sandbox.control("GET", f"{platform}/callback")["mode"] == "stream")

    def test_event_is_delivered_when_it_is_acknowledged(self, sandbox: RunningSandbox, platform: str) -> None:
        with Client(sandbox, platform) as client:
            move_a_department(sandbox, platform)
            message = client.hear()
            client.answer(message)
            (event,) = settle(sandbox, platform)
        assert message["kind"] == "event"
        assert event["id"] == client.event_id(message)
        assert (event["state"], len(event["attempts"])) == ("delivered", 1)

    def test_event_that_is_refused_comes_again(self, sandbox: RunningSandbox, platform: str) -> None:
        with Client(sandbox, platform) as client:
            move_a_department(sandbox, platform)
            first = client.hear()
            client.answer(first, 500)
            second = client.hear()
            client.answer(second)
            (event,) = settle(sandbox, platform)
        assert client.event_id(first) == client.event_id(second)
        assert [attempt["outcome"] for attempt in event["attempts"]] == ["refused with code 500", "ok"]

    def test_event_without_an_answer_comes_again_until_it_is_given_up(self, sandbox: RunningSandbox, platform: str) -> None:
        sandbox.control("PUT", f"{platform}/settings", {"stream_answer_seconds": 0.1})
        with Client(sandbox, platform) as client:
            move_a_department(sandbox, platform)
            ids = {client.event_id(client.hear()) for _ in range(4)}
            (event,) = settle(sandbox, platform)
        assert ids == {event["id"]}
        assert event["state"] == "failed"
        assert {attempt["outcome"] for attempt in event["attempts"]} == {"no acknowledgement"}

    def test_event_waits_for_nobody(self, sandbox: RunningSandbox, platform: str) -> None:
        sandbox.control("PUT", f"{platform}/callback", {"mode": "stream"})
        move_a_department(sandbox, platform)
        (event,) = settle(sandbox, platform)
        assert event["state"] == "failed"
        assert [attempt["outcome"] for attempt in event["attempts"]] == ["no connection is open"] * 4

    def test_event_goes_to_another_connection_when_its_own_breaks(self, sandbox: RunningSandbox, platform: str) -> None:
        sandbox.control("PUT", f"{platform}/settings", {"stream_retry_seconds": [0.3]})
        with Client(sandbox, platform) as first:
            move_a_department(sandbox, platform)
            first.hear()
            with Client(sandbox, platform) as second:
                first.socket.close()
                second.answer(second.hear())
                (event,) = settle(sandbox, platform)
        assert [attempt["outcome"] for attempt in event["attempts"]] == ["the connection was closed", "ok"]

    def test_each_event_goes_to_one_connection(self, sandbox: RunningSandbox, platform: str) -> None:
        with Client(sandbox, platform) as first, Client(sandbox, platform) as second:
            wait_until(lambda: len(sandbox.control("GET", f"{platform}/streams")["streams"]) == 2)
            sandbox.control("PUT", f"{platform}/settings", {"events_at_once": 100})
            sandbox.control("POST", f"{platform}/evolve", {"renamed": 20})
            wait_until(lambda: sum(one["frames_sent"] for one in sandbox.control("GET", f"{platform}/streams")["streams"]) == 20)
            shares = [one["frames_sent"] for one in sandbox.control("GET", f"{platform}/streams")["streams"]]
            assert min(shares) > 0
            ids = []
            for client, share in zip((first, second), shares, strict=True):
                for _ in range(share):
                    message = client.hear()
                    ids.append(client.event_id(message))
                    client.answer(message)
            events = settle(sandbox, platform)
        assert sorted(ids) == sorted(event["id"] for event in events)

    def test_silent_connection_stays_open_and_says_nothing(self, sandbox: RunningSandbox, platform: str) -> None:
        sandbox.control("PUT", f"{platform}/settings", {"stream_answer_seconds": 0.1, "stream_retry_seconds": []})
        with Client(sandbox, platform) as client:
            wait_until(lambda: len(sandbox.control("GET", f"{platform}/streams")["streams"]) == 1)
            assert len(sandbox.control("POST", f"{platform}/streams/silence")["silent"]) == 1
            move_a_department(sandbox, platform)
            (event,) = settle(sandbox, platform)
            assert client.socket.ping().wait(PATIENCE)
            with pytest.raises(TimeoutError):
                client.hear(0.1)
        assert event["state"] == "failed"

    def test_restart_breaks_every_connection_and_lets_nobody_in_for_a_while(self, sandbox: RunningSandbox, platform: str) -> None:
        url = url_of(sandbox, platform)
        with Client(sandbox, platform) as client:
            wait_until(lambda: len(sandbox.control("GET", f"{platform}/streams")["streams"]) == 1)
            sandbox.control("POST", f"{platform}/streams/restart", {"seconds": 60})
            with pytest.raises(ConnectionClosed):
                client.hear()
        assert refused(url).status_code == 503
        if platform == "dingtalk":
            assert open_dingtalk(sandbox).status_code == 503
        else:
            assert open_feishu(sandbox)["code"] == 1
        sandbox.control("POST", f"{platform}/streams/restart", {"seconds": 0})
        assert refused(url).status_code in (401, 403)  # its ticket is forgotten

    def test_ticket_opens_one_connection(self, sandbox: RunningSandbox, platform: str) -> None:
        url = url_of(sandbox, platform)
        with connect(url, proxy=None):
            answer = refused(url)
        if platform == "feishu":
            assert answer.headers["handshake-status"] == "514"

    @pytest.mark.parametrize("kind", ["disconnect", "restart", "silence"])
    def test_fault_breaks_the_connection_before_an_event(self, sandbox: RunningSandbox, platform: str, kind: str) -> None:
        sandbox.control("POST", f"{platform}/event_faults", {"kind": kind, "events": [1], "seconds": 0})
        sandbox.control("PUT", f"{platform}/settings", {"stream_answer_seconds": 0.2, "stream_retry_seconds": []})
        with Client(sandbox, platform):
            wait_until(lambda: len(sandbox.control("GET", f"{platform}/streams")["streams"]) == 1)
            move_a_department(sandbox, platform)
            (event,) = settle(sandbox, platform)
        assert event["faults"] == [kind]
        assert event["state"] == "failed"

    def test_broken_frames_are_passed_over(self, sandbox: RunningSandbox, platform: str) -> None:
        with Client(sandbox, platform) as client:
            for frame in ("", "[]", "null", "{", '{"headers": 1}', '{"code": 200, "headers": {}}', b"", b"\xff\xff", b"\x00" * 40):
                client.socket.send(frame)
            move_a_department(sandbox, platform)
            client.answer(client.hear())
            (event,) = settle(sandbox, platform)
        assert event["state"] == "delivered"


class TestDingTalk:
    def test_envelope_is_in_the_headers(self, sandbox: RunningSandbox) -> None:
        with Client(sandbox, "dingtalk") as client:
            move_a_department(sandbox, "dingtalk")
            message = client.hear()
            client.answer(message)
            (event,) = settle(sandbox, "dingtalk")
        assert {name: value for name, value in message["headers"].items() if name.startswith("event")} == {
            "eventId": event["id"],
            "eventType": "org_dept_modify",
            "eventCorpId": "dingsandbox",
            "eventBornTime": str(event["at_ms"]),
            "eventUnifiedAppId": "sandbox-dingtalk",
        }
        assert message["content"] == {"timeStamp": str(event["at_ms"]), "deptId": [int(event["object_ids"][0])]}

    def test_later_asks_for_it_again(self, sandbox: RunningSandbox) -> None:
        with Client(sandbox, "dingtalk") as client:
            move_a_department(sandbox, "dingtalk")
            client.answer(client.hear(), status="LATER")
            client.answer(client.hear(), status="SUCCESS", message="success")
            (event,) = settle(sandbox, "dingtalk")
        assert [attempt["outcome"] for attempt in event["attempts"]] == ["LATER", "ok"]

    def test_signs_of_life_come_by_themselves(self, sandbox: RunningSandbox) -> None:
        sandbox.control("PUT", "dingtalk/settings", {"stream_ping_seconds": 0.1})
        with Client(sandbox, "dingtalk") as client:
            message = client.hear()
            assert (message["kind"], list(message["content"])) == ("ping", ["opaque"])
            client.answer(message, **message["content"])
            assert client.hear()["kind"] == "ping"

    def test_planned_end_is_said_and_nothing_comes_after_it(self, sandbox: RunningSandbox) -> None:
        with Client(sandbox, "dingtalk") as first:
            wait_until(lambda: len(sandbox.control("GET", "dingtalk/streams")["streams"]) == 1)
            sandbox.control("POST", "dingtalk/streams/disconnect")
            message = first.hear()
            with Client(sandbox, "dingtalk") as second:
                move_a_department(sandbox, "dingtalk")
                second.answer(second.hear())
                (event,) = settle(sandbox, "dingtalk")
            with pytest.raises(ConnectionClosed):
                first.hear()
        assert (message["kind"], message["content"]) == ("disconnect", {"reason": "persistent connection is timeout"})
        assert event["state"] == "delivered"

    def test_connection_that_asked_for_no_events_gets_none(self, sandbox: RunningSandbox) -> None:
        bots = [{"type": "CALLBACK", "topic": "/v1.0/im/bot/messages/get"}]
        with Client(sandbox, "dingtalk", subscriptions=bots):
            wait_until(lambda: len(sandbox.control("GET", "dingtalk/streams")["streams"]) == 1)
            assert sandbox.control("GET", "dingtalk/callback")["mode"] == "off"
            sandbox.control("PUT", "dingtalk/callback", {"mode": "stream"})
            move_a_department(sandbox, "dingtalk")
            (event,) = settle(sandbox, "dingtalk")
        assert {attempt["outcome"] for attempt in event["attempts"]} == {"no connection is open"}

    @pytest.mark.parametrize(
        ("changes", "status"),
        [
            ({"clientSecret": "wrong"}, 400),
            ({"clientId": ""}, 400),
            ({"subscriptions": "all"}, 400),
            ({"subscriptions": [{"type": "X"}]}, 400),
        ],
        ids=["secret", "no-id", "no-list", "unknown-kind"],
    )
    def test_connection_is_not_opened(self, sandbox: RunningSandbox, changes: dict[str, Any], status: int) -> None:
        answer = open_dingtalk(sandbox, **changes)
        assert answer.status_code == status
        assert "ticket" not in answer.json()

    def test_made_up_ticket_opens_nothing(self, sandbox: RunningSandbox) -> None:
        assert refused(sandbox.url.replace("http", "ws") + "/connect?ticket=x").status_code == 401


class TestFeishu:
    def test_what_the_app_is_to_wait_is_said_at_the_endpoint_and_in_each_pong(self, sandbox: RunningSandbox) -> None:
        sandbox.control(
            "PUT", "feishu/settings", {"stream_ping_seconds": 9, "stream_reconnect_seconds": 4, "stream_reconnect_jitter_seconds": 2}
        )
        wanted = {"ReconnectCount": -1, "ReconnectInterval": 4, "ReconnectNonce": 2, "PingInterval": 9}
        assert open_feishu(sandbox)["data"]["ClientConfig"] == wanted
        with Client(sandbox, "feishu") as client:
            client.socket.send(make_frame(CONTROL, {"type": "ping"}, b"", service=7))
            pong = client.hear()
        assert pong["kind"] == "pong"
        assert json.loads(pong["content"]) == wanted

    def test_large_event_comes_in_pieces_under_one_id(self, sandbox: RunningSandbox) -> None:
        sandbox.control("PUT", "feishu/settings", {"stream_frame_bytes": 200})
        with Client(sandbox, "feishu") as client:
            move_a_department(sandbox, "feishu")
            first = client.hear()
            pieces = [first, *(client.hear() for _ in range(int(first["headers"]["sum"]) - 1))]
            client.answer(pieces[-1])
            (event,) = settle(sandbox, "feishu")
        assert [piece["headers"]["seq"] for piece in pieces] == [str(place) for place in range(len(pieces))]
        assert len({piece["id"] for piece in pieces}) == 1
        assert len(pieces) > 2
        told = json.loads(b"".join(piece["content"] for piece in pieces))
        assert told["header"]["event_id"] == event["id"]
        assert event["state"] == "delivered"

    @pytest.mark.parametrize(("changes", "code"), [({"AppSecret": "wrong"}, 514), ({"AppID": ""}, 1000040344)], ids=["secret", "no-id"])
    def test_endpoint_refuses(self, sandbox: RunningSandbox, changes: dict[str, Any], code: int) -> None:
        assert open_feishu(sandbox, **changes)["code"] == code

    def test_there_is_a_limit_to_connections(self, sandbox: RunningSandbox) -> None:
        sandbox.control("PUT", "feishu/settings", {"most_streams": 1})
        with Client(sandbox, "feishu"):
            wait_until(lambda: len(sandbox.control("GET", "feishu/streams")["streams"]) == 1)
            assert open_feishu(sandbox)["code"] == 1000040350

    def test_planned_end_is_a_close(self, sandbox: RunningSandbox) -> None:
        with Client(sandbox, "feishu") as client:
            wait_until(lambda: len(sandbox.control("GET", "feishu/streams")["streams"]) == 1)
            sandbox.control("POST", "feishu/streams/disconnect")
            with pytest.raises(ConnectionClosed):
                client.hear()


def test_no_other_path_takes_a_connection(sandbox: RunningSandbox) -> None:
    assert refused(sandbox.url.replace("http", "ws") + "/elsewhere").status_code == 403


def test_sandbox_stops_with_connections_open_and_events_waiting() -> None:
    with ExitStack() as clients, start_sandbox(people=60, departments=8, seed=5) as sandbox:
        for platform in PLATFORMS:
            client = clients.enter_context(Client(sandbox, platform))
            wait_until(lambda name=platform: bool(sandbox.control("GET", f"{name}/streams")["streams"]))
            move_a_department(sandbox, platform)
            assert client.hear()["kind"] == "event"
