"""The codes of a sign-in: what somebody agreed to, to be redeemed once, by the app it was given to, before its time is over."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from sandbox.signers import Standing

Kind = Literal["browser", "in_client"]
MOST_CODES = 10_000
"""Older ones are forgotten, and then as unknown as invented ones."""


@dataclass(frozen=True)
class Consent:
    """What somebody agreed to on a platform's page, or by opening the app in its client."""

    user: str
    """An id of the truth, `stranger` or `visitor`."""
    standing: Standing
    """As it was then."""
    client_id: str
    kind: Kind = "browser"
    redirect_uri: str | None = None
    scopes: tuple[str, ...] = ()
    challenge: str = ""
    """Of PKCE; empty where the app sent none."""
    challenge_method: str = ""


class Spoilt(Enum):
    UNKNOWN = "unknown"
    FOREIGN = "of another app"
    USED = "used"
    EXPIRED = "expired"


class SpoiltCodeError(Exception):
    def __init__(self, why: Spoilt) -> None:
        super().__init__(f"this code is {why.value}")
        self.why = why


@dataclass
class Code:
    consent: Consent
    expires_at: float
    is_used: bool = False


@dataclass
class Codes:
    given: dict[str, Code] = field(default_factory=dict)

    def give(self, consent: Consent, *, length: int, seconds: float, now: float) -> str:
        """`length` in characters, all of them fit for an address."""
        while len(self.given) >= MOST_CODES:
            del self.given[next(iter(self.given))]
        value = secrets.token_urlsafe(length)[:length]
        self.given[value] = Code(consent, now + seconds)
        return value

    def look_up(self, value: str, *, client_id: str, now: float) -> Code:
        """A good one, not used by that: a caller that is refused for another reason may come again with it."""
        code = self.given.get(value)
        if code is None:
            raise SpoiltCodeError(Spoilt.UNKNOWN)
        if code.consent.client_id != client_id:
            raise SpoiltCodeError(Spoilt.FOREIGN)
        if code.is_used:
            raise SpoiltCodeError(Spoilt.USED)
        if now >= code.expires_at:
            raise SpoiltCodeError(Spoilt.EXPIRED)
        return code
