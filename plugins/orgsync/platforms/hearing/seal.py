"""How WeCom and DingTalk seal what they push: signed with a token, encrypted with a key, and naming whom it is for."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass, field

from orgsync.platforms.hearing.cipher import decrypt, encrypt
from orgsync.platforms.hearing.events import RefusedCallError

FRESH_SECONDS = 600.0
"""How far the time that a call says may be from now, either way. It is the transport's time: an event may be older."""
PAD_TO = 32
RANDOM_BYTES = 16
LENGTH_BYTES = 4
AES_KEY = re.compile(r"[A-Za-z0-9]{43}")


@dataclass(frozen=True)
class Seal:
    """Token and key of one app's subscription. `owners` are the ids that a message for it may end with, the usual one first."""

    token: str = field(repr=False)
    aes_key: str = field(repr=False)
    owners: tuple[str, ...]

    def sign(self, timestamp: str, nonce: str, encrypted: str) -> str:
        """Hexadecimal SHA-1 of the four strings, sorted. The platforms' own, and no HMAC: it is their choice."""
        joined = "".join(sorted((self.token, timestamp, nonce, encrypted)))
        return hashlib.sha1(joined.encode(), usedforsecurity=False).hexdigest()

    def open(self, encrypted: str, *, signature: str, timestamp: str, nonce: str, now: float) -> tuple[bytes, str]:
        """The message, and to which of the owners; nothing is decrypted that is not signed. Raises RefusedCallError."""
        if not (self.token and encrypted.isascii() and timestamp.isascii() and nonce.isascii()):
            raise RefusedCallError("forged")
        if not hmac.compare_digest(self.sign(timestamp, nonce, encrypted).encode(), signature.lower().encode(errors="replace")):
            raise RefusedCallError("forged")
        check_fresh(timestamp, now)
        return self._unwrap(self._decrypt(encrypted))

    def close(self, message: bytes, *, owner: str, random: bytes) -> str:
        frame = random + len(message).to_bytes(LENGTH_BYTES, "big") + message + owner.encode()
        return base64.b64encode(encrypt(frame, key=self._key, iv=self._key[:16], pad_to=PAD_TO)).decode()

    @property
    def _key(self) -> bytes:
        """The last of its letters holds bits that belong to no byte, and need not be 0: a strict decoder would refuse it."""
        return base64.b64decode(f"{self.aes_key}=")

    def _decrypt(self, encrypted: str) -> bytes:
        try:
            return decrypt(base64.b64decode(encrypted, validate=True), key=self._key, iv=self._key[:16], pad_to=PAD_TO)
        except (ValueError, binascii.Error):
            raise RefusedCallError("malformed") from None

    def _unwrap(self, frame: bytes) -> tuple[bytes, str]:
        start = RANDOM_BYTES + LENGTH_BYTES
        end = start + int.from_bytes(frame[RANDOM_BYTES:start], "big")
        if len(frame) < start or end > len(frame):
            raise RefusedCallError("malformed")
        for owner in self.owners:
            if hmac.compare_digest(frame[end:], owner.encode()):
                return frame[start:end], owner
        raise RefusedCallError("other_company")


def check_fresh(timestamp: str, now: float) -> None:
    """Seconds since 1970, or milliseconds: DingTalk's pages show either."""
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 14):
        raise RefusedCallError("malformed")
    seconds = int(timestamp) / (1000 if len(timestamp) > 11 else 1)
    if abs(seconds - now) > FRESH_SECONDS:
        raise RefusedCallError("stale")
