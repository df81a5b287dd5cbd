"""WeCom's requests to an app: XML inside an encrypted text inside XML. https://developer.work.weixin.qq.com/document/path/90930"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.events import Event
from sandbox.sealing import KEY_FORM, seal, sign
from sandbox.subscription import Posted, Push, Sealing, Subscription
from sandbox.wecom.tenant import WeCom

SENDER = "sys"
PLAIN = frozenset(("ChangeType",))
"""Not wrapped in CDATA, as numbers are not."""


class WeComCallbacks:
    def check_subscription(self, subscription: Subscription) -> None:
        token = subscription.token
        if not (1 <= len(token) <= 32 and token.isascii() and token.isalnum()):
            raise ValueError("the token is at most 32 letters and digits")
        if not KEY_FORM.fullmatch(subscription.key):
            raise ValueError("the EncodingAESKey is 43 letters and digits")

    def make_check(self, tenant: WeCom, subscription: Subscription, sealing: Sealing) -> Push:
        """The app is to tell what is inside, and nothing else."""
        message = str(int.from_bytes(sealing.salt[:8], "big")).encode()
        echo = seal(message, key=subscription.key, owner=tenant.settings.client_id, salt=sealing.salt)
        query = _signed(subscription, sealing, echo) | {"echostr": echo}
        return Push("GET", query, {}, b"", secret=message, keeps_plus=tenant.settings.echo_plus == "raw")

    def passes_check(self, tenant: WeCom, subscription: Subscription, push: Push, answer: Posted) -> bool:  # noqa: ARG002
        return bool(answer.body == push.secret)

    def make_push(self, tenant: WeCom, subscription: Subscription, event: Event, sealing: Sealing) -> Push:
        settings = tenant.settings
        message = make_message(event, settings.client_id)
        encrypted = seal(message.encode(), key=subscription.key, owner=settings.client_id, salt=sealing.salt)
        agent = "" if settings.event_receiver == "contact" else str(settings.agent_id)
        outer = {"ToUserName": settings.client_id, "AgentID": agent, "Encrypt": encrypted}
        body = f"<xml>{elements(outer)}</xml>".encode()
        return Push("POST", _signed(subscription, sealing, encrypted), {"Content-Type": "text/xml"}, body)

    def find_fault(self, tenant: WeCom, subscription: Subscription, answer: Posted) -> str | None:  # noqa: ARG002
        """HTTP 200 is enough, whatever it says; contact events want an empty text."""
        return None


def _signed(subscription: Subscription, sealing: Sealing, encrypted: str) -> dict[str, str]:
    timestamp = str(sealing.timestamp)
    signature = sign(subscription.token, timestamp, sealing.nonce, encrypted)
    return {"msg_signature": signature, "timestamp": timestamp, "nonce": sealing.nonce}


def make_message(event: Event, corp_id: str) -> str:
    common = {
        "ToUserName": corp_id,
        "FromUserName": SENDER,
        "CreateTime": event.at_ms // 1000,
        "MsgType": "event",
        "Event": "change_contact",
        "ChangeType": event.type,
    }
    return f"<xml>{elements(common | dict(event.content))}</xml>"


def elements(fields: Mapping[str, Any]) -> str:
    return "".join(f"<{name}>{_content(name, value)}</{name}>" for name, value in fields.items())


def _content(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return elements(value)
    if isinstance(value, list):
        return "".join(f"<Item>{elements(item)}</Item>" for item in value)
    if isinstance(value, int) or name in PLAIN:
        return str(value)
    return f"<![CDATA[{value.replace(']]>', ']]]]><![CDATA[>')}]]>"
