"""Access tokens of several secrets, each with one at a time."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from enum import Enum

from sandbox.tokens import Tokens


class Holder(Enum):
    """Whose secret a token was given for."""

    APP = "app"
    CONTACT = "contact"


@dataclass
class Grant:
    value: str
    secret: str
    expires_at: float


@dataclass
class TokensBySecret(Tokens):
    """To WeCom a secret is a client. Dead tokens stay known: an expired one is refused in other words than an invented one."""

    grants: dict[str, Grant] = field(default_factory=dict)
    newest: dict[str, Grant] = field(default_factory=dict)
    """By secret."""

    def issue(self, *, client_id: str, seconds: float, now: float) -> str:
        """The same token until it expires; asking again does not lengthen its life."""
        self.issued += 1
        grant = self.newest.get(client_id)
        if grant is None or now >= grant.expires_at:
            grant = Grant(secrets.token_urlsafe(96), client_id, now + seconds)
            self.newest[client_id] = self.grants[grant.value] = grant
        return grant.value

    def is_valid(self, value: str | None, *, client_id: str, now: float) -> bool:
        grant = self.grants.get(value or "")
        return grant is not None and grant.secret == client_id and now < grant.expires_at

    def expire(self) -> int:
        living = [grant for grant in self.newest.values() if grant.expires_at]
        for grant in living:
            grant.expires_at = 0
        return len(living)
