"""Feishu's requests to an app: JSON, encrypted and signed where the app has an Encrypt Key, answered by any HTTP 200.

https://open.feishu.cn/document/server-docs/event-subscription-guide/event-subscription-configure-/request-url-configuration-case
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import msgspec
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC

from sandbox.events import Event
from sandbox.exchange import decode, encode
from sandbox.feishu.numbering import tenant_key
from sandbox.feishu.tenant import Feishu
from sandbox.subscription import Posted, Push, Sealing, Subscription

BLOCK = 16
HEADERS = {"Content-Type": "application/json;charset=utf-8"}


class FeishuCallbacks:
    def check_subscription(self, subscription: Subscription) -> None:
        if not subscription.token:
            raise ValueError("there is always a verification token")

    def make_check(self, tenant: Feishu, subscription: Subscription, sealing: Sealing) -> Push:  # noqa: ARG002
        """Encrypted where there is a key, and signed in no case."""
        challenge = sealing.salt.hex()
        content = {"challenge": challenge, "token": subscription.token, "type": "url_verification"}
        return Push("POST", {}, HEADERS, seal_body(encode(content), subscription.key, sealing.salt), secret=challenge)

    def passes_check(self, tenant: Feishu, subscription: Subscription, push: Push, answer: Posted) -> bool:  # noqa: ARG002
        try:
            content = decode(answer.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return False
        return isinstance(content, dict) and content.get("challenge") == push.secret

    def make_push(self, tenant: Feishu, subscription: Subscription, event: Event, sealing: Sealing) -> Push:
        body = seal_body(encode(body_of(event, tenant, token=subscription.token)), subscription.key, sealing.salt)
        if not subscription.key:
            return Push("POST", {}, HEADERS, body)
        return Push("POST", {}, HEADERS | signed_headers(body, subscription.key, sealing), body)

    def find_fault(self, tenant: Feishu, subscription: Subscription, answer: Posted) -> str | None:  # noqa: ARG002
        """HTTP 200 is enough."""
        return None


def body_of(event: Event, tenant: Feishu, *, token: str) -> dict[str, Any]:
    header = {
        "event_id": event.id,
        "event_type": event.type,
        "create_time": str(event.at_ms),
        "token": token,
        "app_id": tenant.settings.client_id,
        "tenant_key": tenant_key(tenant.organization.company),
    }
    return {"schema": "2.0", "header": header, "event": event.content}


def seal_body(plain: bytes, key: str, salt: bytes) -> bytes:
    """As it is where there is no key."""
    if not key:
        return plain
    missing = BLOCK - len(plain) % BLOCK
    encryptor = Cipher(AES256(hashlib.sha256(key.encode()).digest()), CBC(salt)).encryptor()
    encrypted = encryptor.update(plain + bytes([missing]) * missing) + encryptor.finalize()
    return encode({"encrypt": base64.b64encode(salt + encrypted).decode()})


def signed_headers(body: bytes, key: str, sealing: Sealing) -> dict[str, str]:
    """Over the body as it is sent; no HMAC."""
    timestamp = str(sealing.timestamp)
    signature = hashlib.sha256(f"{timestamp}{sealing.nonce}{key}".encode() + body).hexdigest()
    return {"X-Lark-Request-Timestamp": timestamp, "X-Lark-Request-Nonce": sealing.nonce, "X-Lark-Signature": signature}
