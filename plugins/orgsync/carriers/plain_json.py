"""A webhook of one's own: the letter's data as JSON, signed so that whoever takes it knows from whom it is (docs/robots.md)."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from orgsync.carriers.letters import Letter, write_plain
from orgsync.carriers.ways import Posting, Way
from orgsync.errors import CredentialError, RefusedError
from orgsync.platforms.sending.deliveries import encode
from orgsync.platforms.speaking.meanings import Meaning, error_meaning
from orgsync.words import Words

PLATFORM, INTERFACE = "webhook", "POST"
TIME, SIGNATURE, KEY = "X-Orgsync-Timestamp", "X-Orgsync-Signature", "X-Orgsync-Delivery"

_DENIED = Meaning(
    CredentialError,
    Words("it does not let us in", "对方拒绝了请求"),
    Words("Look at the URL and the signing secret of the connection", "检查连接中的地址和签名密钥"),
)
_REFUSED = Meaning(
    RefusedError, Words("it did not take the message", "对方没有收下消息"), Words("Look at the URL of the connection", "检查连接中的地址")
)


def write(letter: Letter, secret: str, now: float) -> Posting:
    body = {"source": "orgsync", "version": 1, "key": letter.key, "title": letter.subject, "text": write_plain(letter), **letter.data}
    seconds = str(int(now))
    signed = {TIME: seconds, SIGNATURE: f"sha256={sign(secret, seconds, encode(body))}"} if secret else {}
    return Posting(body, headers={KEY: letter.key, **signed})


def sign(secret: str, seconds: str, body: bytes) -> str:
    """HMAC-SHA256, in hexadecimal, of the time, a dot and the body as it is sent."""
    return hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()


def judge(status: int, content: Any) -> None:  # noqa: ARG001 - what it says is its own affair
    if status >= 400:
        meaning = _DENIED if status in (401, 403) else _REFUSED
        raise error_meaning(meaning, platform=PLATFORM, interface=INTERFACE, code=f"HTTP {status}")


WAY = Way(name="json", title="JSON", interface=INTERFACE, write=write, judge=judge)
