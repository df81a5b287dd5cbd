"""DingTalk's Stream mode: a connection that we open, over which its events come; contract §12.3. Nothing has to reach us for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from orgsync.platforms.dingtalk.envelope import judge_new_by, lacks_place
from orgsync.platforms.dingtalk.events import read_event
from orgsync.platforms.dingtalk.interfaces import OPEN_STREAM
from orgsync.platforms.hearing.documents import digest_content, read_object, read_word
from orgsync.platforms.hearing.events import RefusedCallError
from orgsync.platforms.hearing.streams import Frame, Taken
from orgsync.platforms.speaking.transport import Request, Transport

QUIET_SECONDS = 60.0
"""The server says something each 20 to 30 seconds; a connection that is silent for longer may still answer pings, and is dead."""
SUCCESS = {"status": "SUCCESS", "message": "success"}
LATER = {"status": "LATER", "message": "not stored"}


@dataclass(frozen=True)
class DingTalkStream:
    client_id: str
    client_secret: str = field(repr=False)
    api_url: str
    transport: Transport
    company: str = ""

    @property
    def app(self) -> str:
        return self.client_id

    def open(self) -> DingTalkSession:
        """Each connection takes a ticket of its own. It takes no access token."""
        body = {
            "clientId": self.client_id,
            "clientSecret": self.client_secret,
            "subscriptions": [{"type": "EVENT", "topic": "*"}],
            "ua": "orgsync",
        }
        request = Request(OPEN_STREAM, "POST", f"{self.api_url}/{OPEN_STREAM}", body=body, is_preparing=True)
        content = self.transport.call(request, judge_new_by(lacks_place)).content
        mark = "&" if "?" in content["endpoint"] else "?"
        return DingTalkSession(f"{content['endpoint']}{mark}ticket={quote(str(content['ticket']), safe='')}")


@dataclass(frozen=True)
class DingTalkSession:
    url: str = field(repr=False)
    quiet_seconds: float = QUIET_SECONDS
    ping_seconds: float = 0.0

    def ping(self) -> Frame:
        """The server asks, and we answer."""
        return ""

    def take(self, frame: Frame) -> Taken:
        said = read_object(frame)
        headers = said.get("headers")
        headers = headers if isinstance(headers, dict) else {}
        data = said.get("data")
        match said.get("type"):
            case "EVENT":
                return _take_event(headers, data if isinstance(data, str) else json.dumps(data))
            case "SYSTEM":
                topic = headers.get("topic")
                return Taken(reply=_answer(headers, data) if topic == "ping" else None, is_last=topic == "disconnect")
            case "CALLBACK":
                return Taken(reply=_answer(headers, {"response": None}))
        return Taken()


def _take_event(headers: Mapping[str, Any], data: str) -> Taken:
    """Unlike bots' messages, events come again where they are not acknowledged."""
    reply, refusal = _answer(headers, SUCCESS), _answer(headers, LATER, code=500)
    try:
        said = {name.lower(): value for name, value in read_object(data).items()}
        event = read_event(
            read_word(headers.get("eventType")),
            said,
            key=read_word(headers.get("eventId")) or digest_content(data.encode(errors="replace")),
            happened=headers.get("eventBornTime"),
            company=read_word(headers.get("eventCorpId")),
        )
    except RefusedCallError:
        return Taken(reply=refusal, problem="an event that is none")
    return Taken(event, reply=reply, refusal=refusal)


def _answer(headers: Mapping[str, Any], data: Any, *, code: int = 200) -> str:
    said = {"messageId": read_word(headers.get("messageId")), "contentType": "application/json"}
    written = data if isinstance(data, str) else json.dumps(data)
    return json.dumps({"code": code, "headers": said, "message": "OK" if code == 200 else "later", "data": written})
