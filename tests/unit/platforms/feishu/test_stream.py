"""Frames of the long connection and what is answered; contract §16."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgsync.platforms.feishu.frames import PlainFrame, decode_frame
from orgsync.platforms.feishu.stream import FeishuSession, FeishuStream
from orgsync.platforms.hearing.events import RefusedCallError
from orgsync.platforms.speaking.transport import Request, Response, Transport
from tests.unit.platforms.hearing.calls import feishu_message

EVENT = json.dumps(feishu_message()).encode()
HEADERS = (("type", "event"), ("message_id", "m1"), ("sum", "1"), ("seq", "0"), ("trace_id", "t1"))
FRAME = PlainFrame(1, HEADERS, EVENT, service=7, seq_id=5, log_id=9, log_id_new=b"n")
U64 = st.integers(0, 2**64 - 1)


def session() -> FeishuSession:
    return FeishuSession("cli_1", "wss://x/ws?device_id=d&service_id=7")


@given(
    st.builds(
        PlainFrame,
        method=U64,
        headers=st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=5).map(tuple),
        payload=st.binary(max_size=300),
        service=U64,
        seq_id=U64,
        log_id=U64,
        payload_encoding=st.binary(max_size=5),
        payload_type=st.binary(max_size=5),
        log_id_new=st.binary(max_size=5),
    )
)
def test_frames_are_read_as_they_were_written(frame: PlainFrame) -> None:
    assert decode_frame(frame.encode()) == frame


@given(st.binary(max_size=200))
def test_noise_is_refused_or_a_frame(noise: bytes) -> None:
    try:
        session().take(noise)
    except RefusedCallError:
        return


@given(st.integers(0, len(FRAME.encode()) - 1))
def test_frame_that_is_cut_is_refused_or_lacks_its_end(length: int) -> None:
    try:
        frame = decode_frame(FRAME.encode()[:length])
    except RefusedCallError:
        return
    assert frame.log_id_new == b""


def test_fields_of_tomorrow_are_passed_over() -> None:
    assert decode_frame(FRAME.encode() + b"\x79" + b"x" * 8 + b"\x7d" + b"x" * 4 + b"\x82\x01\x01x") == FRAME


def test_event_and_its_acknowledgement() -> None:
    taken = session().take(FRAME.encode())
    assert taken.event is not None
    assert (taken.event.key, taken.event.kind, taken.event.user_ids) == ("e1", "user.removed", ("u1",))
    replies = [decode_frame(bytes(each)) for each in (taken.reply or b"", taken.refusal or b"")]  # type: ignore[arg-type]
    assert [json.loads(reply.payload)["code"] for reply in replies] == [200, 500]
    assert replies[0] == replace(FRAME, headers=(*HEADERS, ("biz_rt", "0")), payload=b'{"code": 200}')


def split(*parts: bytes, message_id: str = "m1") -> list[bytes]:
    return [
        replace(
            FRAME, payload=part, headers=(("type", "event"), ("message_id", message_id), ("sum", str(len(parts))), ("seq", str(place)))
        ).encode()
        for place, part in enumerate(parts)
    ]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 1, 2, 0)])
def test_split_event_is_joined_in_whatever_order(order: tuple[int, ...]) -> None:
    here, frames = session(), split(EVENT[:10], EVENT[10:50], EVENT[50:])
    events = [here.take(frames[place]).event for place in order]
    assert [event is not None for event in events] == [False] * (len(order) - 1) + [True]


def test_parts_that_never_become_whole_take_no_more_memory_than_is_bounded() -> None:
    here = session()
    for number in range(500):
        here.take(split(b"x" * 100, b"", message_id=f"m{number}")[0])
    assert len(here._parts) <= 32


@pytest.mark.parametrize(("total", "place"), [("9999", "1"), ("3", "3"), ("2", "77777")])
def test_parts_that_cannot_be_are_not_acknowledged(total: str, place: str) -> None:
    headers = (("type", "event"), ("message_id", "m1"), ("sum", total), ("seq", place))
    taken = session().take(replace(FRAME, headers=headers).encode())
    assert taken.problem
    assert json.loads(decode_frame(bytes(taken.reply or b"")).payload)["code"] == 500  # type: ignore[arg-type]


def test_message_that_is_too_large_is_let_go_with_its_parts() -> None:
    here = session()
    frames = split(b"x" * 600_000, b"x" * 600_000)
    assert [bool(here.take(frame).problem) for frame in frames] == [False, True]
    assert here._parts == {}


def test_pong_may_say_anew_how_often_a_ping_is_wanted() -> None:
    here = session()
    assert (here.ping_seconds, decode_frame(bytes(here.ping())).service) == (120, 7)  # type: ignore[arg-type]
    for said, expected in (({"PingInterval": 30}, 30), ({"PingInterval": 0}, 30), ({"PingInterval": True}, 30), ({}, 30)):
        here.take(PlainFrame(0, (("type", "pong"),), json.dumps(said).encode()).encode())
        assert here.ping_seconds == expected
    assert here.quiet_seconds > here.ping_seconds


def test_event_of_another_app_is_not_acknowledged() -> None:
    taken = FeishuSession("cli_2", "wss://x").take(FRAME.encode())
    assert taken.event is None
    assert taken.problem


def test_card_is_answered() -> None:
    headers = (("type", "card"), *HEADERS[1:])
    taken = session().take(replace(FRAME, headers=headers).encode())
    assert (taken.event, taken.reply is not None) == (None, True)


def test_opening_takes_the_pair_and_gives_a_place() -> None:
    asked: list[Request] = []

    def send(request: Request) -> Response:
        asked.append(request)
        content = {"code": 0, "msg": "", "data": {"URL": "wss://x/ws?device_id=d&service_id=3", "ClientConfig": {"PingInterval": 90}}}
        return Response(200, "application/json", json.dumps(content).encode())

    opened = FeishuStream("cli_1", "secret", Transport("feishu", send, conn_id="c")).open()
    assert (opened.ping_seconds, asked[0].path, asked[0].headers["locale"]) == (90, "callback/ws/endpoint", "zh")
    assert asked[0].body == {"AppID": "cli_1", "AppSecret": "secret"}
    assert "secret" not in repr(asked[0])
