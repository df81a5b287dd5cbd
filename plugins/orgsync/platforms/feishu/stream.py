"""Feishu's long connection: one that we open, over which its events come; contract §16. Nothing has to reach us for it."""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from orgsync.platforms.feishu.envelope import judge_by, lacks_place
from orgsync.platforms.feishu.events import read_event
from orgsync.platforms.feishu.frames import PlainFrame, decode_frame
from orgsync.platforms.feishu.interfaces import OPEN_STREAM
from orgsync.platforms.hearing.documents import digest_content, read_object
from orgsync.platforms.hearing.events import RefusedCallError
from orgsync.platforms.hearing.streams import Frame, Taken
from orgsync.platforms.speaking.transport import Request, Transport

CONTROL, DATA = 0, 1
PING_SECONDS = 120.0
SPARE_SECONDS = 15.0
MOST_PARTS = 1024
MOST_BYTES = 1 << 20
MOST_MESSAGES = 32
"""Messages whose parts are not all there yet; the oldest is given up for a new one, and comes again."""


@dataclass(frozen=True)
class FeishuStream:
    app_id: str
    app_secret: str = field(repr=False)
    transport: Transport
    company: str = ""

    @property
    def app(self) -> str:
        return self.app_id

    def open(self) -> FeishuSession:
        body = {"AppID": self.app_id, "AppSecret": self.app_secret}
        request = Request(OPEN_STREAM, "POST", OPEN_STREAM, headers={"locale": "zh"}, body=body, is_preparing=True)
        data = self.transport.call(request, judge_by(lacks_place)).content["data"]
        return FeishuSession(self.app_id, data["URL"], ping_seconds=read_pause(data.get("ClientConfig")) or PING_SECONDS)


def read_pause(config: Any) -> float | None:
    """How often a ping is wanted; None where it does not say, or says what nobody would."""
    seconds = config.get("PingInterval") if isinstance(config, dict) else None
    return float(seconds) if isinstance(seconds, int) and not isinstance(seconds, bool) and 1 <= seconds <= 3600 else None


@dataclass
class FeishuSession:
    """Each ping has an answer, which may say anew how often one is wanted."""

    app_id: str
    url: str = field(repr=False)
    ping_seconds: float = PING_SECONDS
    _parts: OrderedDict[str, dict[int, bytes]] = field(default_factory=OrderedDict, repr=False)

    @property
    def quiet_seconds(self) -> float:
        return self.ping_seconds + SPARE_SECONDS

    def ping(self) -> Frame:
        service = parse_qs(urlsplit(self.url).query).get("service_id", ["0"])[0]
        number = int(service) if service.isascii() and service.isdecimal() and len(service) < 10 else 0
        return PlainFrame(CONTROL, (("type", "ping"),), service=number).encode()

    def take(self, frame: Frame) -> Taken:
        found = decode_frame(frame if isinstance(frame, bytes) else frame.encode(errors="replace"))
        kind = found.header("type")
        if found.method == CONTROL:
            if kind == "pong" and found.payload:
                self.ping_seconds = read_pause(read_object(found.payload)) or self.ping_seconds
            return Taken()
        try:
            payload = self._join(found)
        except RefusedCallError:
            return Taken(reply=_answer(found, 500), problem="a part of a message that is none")
        if payload is None:
            return Taken()
        return self._take_event(found, payload) if kind == "event" else Taken(reply=_answer(found, 200))

    def _take_event(self, frame: PlainFrame, payload: bytes) -> Taken:
        try:
            event = read_event(read_object(payload), digest=digest_content(payload), app_id=self.app_id)
        except RefusedCallError:
            return Taken(reply=_answer(frame, 500), problem="an event that is none")
        return Taken(event, reply=_answer(frame, 200), refusal=_answer(frame, 500))

    def _join(self, frame: PlainFrame) -> bytes | None:
        """The whole payload, once its parts are there in whatever order."""
        total, place = _count(frame.header("sum")), _count(frame.header("seq"))
        if total <= 1:
            return frame.payload
        parts = self._parts.setdefault(frame.header("message_id"), {})
        if total > MOST_PARTS or place >= total or sum(map(len, parts.values())) + len(frame.payload) > MOST_BYTES:
            self._parts.pop(frame.header("message_id"))
            raise RefusedCallError("oversized")
        parts[place] = frame.payload
        if len(parts) == total:
            del self._parts[frame.header("message_id")]
            return b"".join(parts[each] for each in range(total))
        if len(self._parts) > MOST_MESSAGES:
            self._parts.popitem(last=False)
        return None


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0


def _answer(frame: PlainFrame, code: int) -> bytes:
    """The same frame, with the answer in the place of what it said, and how many milliseconds that took."""
    return replace(frame, headers=(*frame.headers, ("biz_rt", "0")), payload=json.dumps({"code": code}).encode()).encode()
