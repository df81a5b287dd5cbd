"""DingTalk's requests to an app: JSON inside an encrypted text, answered by an encrypted `success`.

https://open.dingtalk.com/document/development/callback-event-message-body-encryption-and-decryption
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from sandbox.dingtalk.tenant import DingTalk
from sandbox.events import Event
from sandbox.exchange import decode, encode
from sandbox.sealing import KEY_FORM, OpeningError, is_signed, seal, sign, unseal
from sandbox.subscription import Posted, Push, Sealing, Subscription

CHECK = {"EventType": "check_url"}
SUCCESS = b"success"
OLDER_KEYS = {"timeStamp": "TimeStamp", "userId": "UserId", "deptId": "DeptId"}


class DingTalkCallbacks:
    def check_subscription(self, subscription: Subscription) -> None:
        token = subscription.token
        if not (3 <= len(token) <= 32 and token.isascii() and token.isalnum()):
            raise ValueError("the token is 3 to 32 letters and digits")
        if not KEY_FORM.fullmatch(subscription.key):
            raise ValueError("the aes_key is 43 letters and digits")

    def make_check(self, tenant: DingTalk, subscription: Subscription, sealing: Sealing) -> Push:
        return make_push(encode(CHECK), subscription, sealing, owner=owner(tenant))

    def passes_check(self, tenant: DingTalk, subscription: Subscription, push: Push, answer: Posted) -> bool:  # noqa: ARG002
        return self.find_fault(tenant, subscription, answer) is None

    def make_push(self, tenant: DingTalk, subscription: Subscription, event: Event, sealing: Sealing) -> Push:
        return make_push(encode(body_of(event, tenant)), subscription, sealing, owner=owner(tenant))

    def find_fault(self, tenant: DingTalk, subscription: Subscription, answer: Posted) -> str | None:
        """It must be the word `success`, encrypted for this app and signed."""
        fields = _read(answer.body)
        if fields is None:
            return "no JSON with msg_signature, timeStamp, nonce and encrypt"
        if not is_signed(fields["msg_signature"], subscription.token, fields["timeStamp"], fields["nonce"], fields["encrypt"]):
            return "the signature of the answer is wrong"
        try:
            word = unseal(fields["encrypt"], key=subscription.key, owner=owner(tenant))
        except OpeningError as error:
            return f"the answer cannot be decrypted: {error}"
        return None if word == SUCCESS else "the answer is not success"


def owner(tenant: DingTalk) -> str:
    settings = tenant.settings
    return settings.client_id if settings.event_owner == "client_id" else settings.corp_id


def make_push(message: bytes, subscription: Subscription, sealing: Sealing, *, owner: str) -> Push:
    encrypted = seal(message, key=subscription.key, owner=owner, salt=sealing.salt)
    timestamp = str(sealing.timestamp)
    query = {
        "signature": sign(subscription.token, timestamp, sealing.nonce, encrypted),
        "timestamp": timestamp,
        "nonce": sealing.nonce,
    }
    return Push("POST", query, {"Content-Type": "application/json;charset=utf-8"}, encode({"encrypt": encrypted}))


def body_of(event: Event, tenant: DingTalk) -> dict[str, Any]:
    if tenant.settings.event_keys == "older":
        content = {OLDER_KEYS.get(name, name): value for name, value in event.content.items()}
        return {"EventType": event.type, "CorpId": tenant.settings.corp_id} | content
    envelope = {
        "EventType": event.type,
        "EventTime": event.at_ms,
        "CorpId": tenant.settings.corp_id,
        "BizId": str(event.at_ms),
        "eventId": event.id,
    }
    return envelope | dict(event.content)


def _read(body: bytes) -> Mapping[str, str] | None:
    try:
        fields = decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    names = ("msg_signature", "timeStamp", "nonce", "encrypt")
    if not isinstance(fields, dict) or any(name not in fields for name in names):
        return None
    return {name: str(fields[name]) for name in names}
