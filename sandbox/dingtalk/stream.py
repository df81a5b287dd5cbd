"""DingTalk's Stream mode: text frames of JSON, whose headers carry the envelope and whose data is JSON once more.

https://open.dingtalk.com/document/development/develop-stream-mode-push-server
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from sandbox.dingtalk.parameters import Parameters, required
from sandbox.dingtalk.refusals import RefusalError, bad_parameter, bad_secret
from sandbox.dingtalk.tenant import DingTalk
from sandbox.events import ACKNOWLEDGED, Event
from sandbox.exchange import decode, encode
from sandbox.subscription import Admission, Frame, Heard, Rejection

PATH = "/connect"
EVENT, SYSTEM, JSON = "EVENT", "SYSTEM", "application/json"
DONE, LATER = 200, "LATER"
KINDS = ("EVENT", "CALLBACK", "SYSTEM")


def open_connection(tenant: DingTalk, parameters: Parameters) -> bytes:
    """A ticket for one connection; no access token is needed."""
    client_id, client_secret = required(parameters, "clientId"), required(parameters, "clientSecret")
    if not tenant.has_credentials(client_id, client_secret):
        raise bad_secret()
    if tenant.streams.is_away:
        raise RefusalError(-1, "系统繁忙", modern="ServiceUnavailable", status=503)
    topics = required(parameters, "subscriptions")
    if not isinstance(topics, list) or not all(isinstance(topic, dict) and topic.get("type") in KINDS for topic in topics):
        raise bad_parameter("subscriptions")
    if len(tenant.streams.connections) >= tenant.settings.most_streams:
        raise RefusalError(-1, "连接数超过限制", modern="ServiceUnavailable", status=503)
    ticket = tenant.streams.issue_ticket(takes_events=any(topic["type"] == EVENT for topic in topics))
    return encode({"endpoint": f"ws://{parameters['host']}{PATH}", "ticket": ticket})


class DingTalkStream:
    path = PATH

    def admit(self, tenant: DingTalk, query: Mapping[str, str]) -> Admission | Rejection:
        takes_events = tenant.streams.redeem(query.get("ticket", ""))
        if takes_events is None:
            return Rejection(401, {}, "the ticket is unknown, used or too old")
        return Admission(secrets.token_hex(8), takes_events)

    def make_frames(self, tenant: DingTalk, event: Event, message_id: str) -> list[Frame]:
        meta = {
            "eventId": event.id,
            "eventType": event.type,
            "eventCorpId": tenant.settings.corp_id,
            "eventBornTime": str(event.at_ms),
            "eventUnifiedAppId": tenant.settings.client_id,
        }
        return [_frame(EVENT, "*", message_id, event.content, meta)]

    def hear(self, tenant: DingTalk, frame: Frame) -> Heard:  # noqa: ARG002
        try:
            fields = decode(frame)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return Heard()
        headers = fields.get("headers") if isinstance(fields, dict) else None
        message_id = headers.get("messageId") if isinstance(headers, dict) else None
        return Heard() if message_id is None else Heard(str(message_id), _outcome(fields))

    def keep_alive(self) -> Frame | None:
        return _frame(SYSTEM, "ping", secrets.token_hex(16), {"opaque": secrets.token_hex(8)})

    def farewell(self) -> Frame | None:
        return _frame(SYSTEM, "disconnect", secrets.token_hex(16), {"reason": "persistent connection is timeout"})


def _outcome(fields: Mapping[str, Any]) -> str:
    """Whatever comes with the code 200 is an acknowledgement, unless it asks for the event once more."""
    if fields.get("code") != DONE:
        return f"refused with code {fields.get('code')!r}"
    try:
        content = decode(fields.get("data") or "{}")
    except (msgspec.DecodeError, UnicodeDecodeError, TypeError):
        return ACKNOWLEDGED
    return LATER if isinstance(content, dict) and content.get("status") == LATER else ACKNOWLEDGED


def _frame(kind: str, topic: str, message_id: str, content: Mapping[str, Any], meta: Mapping[str, str] | None = None) -> str:
    headers = {"topic": topic, "messageId": message_id, "contentType": JSON, "time": str(int(time.time() * 1000))}
    fields = {"specVersion": "1.0", "type": kind, "headers": headers | dict(meta or {}), "data": encode(content).decode()}
    return encode(fields).decode()
