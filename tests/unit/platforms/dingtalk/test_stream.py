"""Frames of Stream mode and what is answered; contract §12.3."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgsync.platforms.dingtalk.stream import DingTalkSession, DingTalkStream
from orgsync.platforms.hearing.events import Event, RefusedCallError
from orgsync.platforms.speaking.transport import Request, Response, Transport

SESSION = DingTalkSession("wss://x?ticket=t")
HEADERS = {"topic": "*", "messageId": "m1", "contentType": "application/json", "time": "1700000000000"}


def frame(kind: str, data: Any, **headers: str) -> str:
    return json.dumps({"specVersion": "1.0", "type": kind, "headers": HEADERS | headers, "data": data})


def event_frame(data: Any = '{"userId":["u1"],"timeStamp":"1"}', **headers: str) -> str:
    known = {"eventId": "e1", "eventType": "user_add_org", "eventCorpId": "ding1", "eventBornTime": "1700000000000"}
    return frame("EVENT", data, **(known | headers))


def test_event_and_its_acknowledgement() -> None:
    taken = SESSION.take(event_frame())
    assert taken.event == Event(
        "dingtalk", "e1", "user_add_org", "user.added", ("u1",), happened_at=datetime.fromtimestamp(1_700_000_000, UTC), company="ding1"
    )
    reply, refusal = json.loads(str(taken.reply)), json.loads(str(taken.refusal))
    assert (reply["code"], reply["headers"]["messageId"], json.loads(reply["data"])["status"]) == (200, "m1", "SUCCESS")
    assert (refusal["code"], json.loads(refusal["data"])["status"]) == (500, "LATER")


def test_event_has_the_same_key_as_over_http() -> None:
    assert SESSION.take(event_frame(eventId="c7c7")).event.key == "c7c7"  # type: ignore[union-attr]


@pytest.mark.parametrize("diff", [{"prev": {}, "curr": {"name": "张三"}, "userid": "u1"}, [{"userid": "u1", "curr": {"name": "张三"}}]])
def test_what_changed_is_left_where_it_is_in_either_form(diff: Any) -> None:
    """Pages show an object, consumers saw an array; it is personal, and not kept."""
    event = SESSION.take(event_frame(json.dumps({"userId": ["u1"], "diffInfo": diff}))).event
    assert event is not None
    assert event.user_ids == ("u1",)
    assert "张三" not in repr(event)


def test_ping_is_answered_with_what_it_said() -> None:
    taken = SESSION.take(frame("SYSTEM", '{"opaque":"o1"}', topic="ping"))
    assert json.loads(str(taken.reply))["data"] == '{"opaque":"o1"}'
    assert not taken.is_last


def test_disconnect_is_the_last_frame() -> None:
    taken = SESSION.take(frame("SYSTEM", '{"reason":"persistent connection is timeout"}', topic="disconnect"))
    assert (taken.is_last, taken.reply) == (True, None)


@pytest.mark.parametrize("kind", ["KEEPALIVE", "OF_TOMORROW"])
def test_other_frames_are_let_pass(kind: str) -> None:
    assert SESSION.take(frame(kind, "")).event is None


def test_callback_is_answered() -> None:
    assert json.loads(str(SESSION.take(frame("CALLBACK", "{}")).reply))["code"] == 200


def test_event_without_an_id_or_type_is_none_or_the_same_twice() -> None:
    first, second = (SESSION.take(event_frame(eventId="")).event for _ in range(2))
    assert first == second
    assert first is not None
    assert SESSION.take(event_frame(eventType="")).problem


@pytest.mark.parametrize("data", ["", "[]", "{", None, 7, "\ud800"])
def test_event_whose_data_is_none_is_not_acknowledged(data: Any) -> None:
    taken = SESSION.take(event_frame(data))
    assert (taken.event, json.loads(str(taken.reply))["code"]) == (None, 500)


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_noise_is_refused(noise: str | bytes) -> None:
    try:
        taken = SESSION.take(noise)
    except RefusedCallError:
        return
    assert taken.event is None


def test_opening_takes_the_pair_and_gives_a_place() -> None:
    asked: list[Request] = []

    def send(request: Request) -> Response:
        asked.append(request)
        return Response(200, "application/json", json.dumps({"endpoint": "wss://wss.example/connect", "ticket": "a b/c="}).encode())

    stream = DingTalkStream("id", "secret", "https://api.example", Transport("dingtalk", send, conn_id="c"))
    session = stream.open()
    assert session.url == "wss://wss.example/connect?ticket=a%20b%2Fc%3D"
    assert asked[0].path == "https://api.example/v1.0/gateway/connections/open"
    assert asked[0].body is not None
    assert {**asked[0].body}["subscriptions"] == [{"type": "EVENT", "topic": "*"}]
    assert "secret" not in repr(stream) + repr(asked[0])
    assert "ticket" not in repr(session)
