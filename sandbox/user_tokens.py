"""Access tokens of people who signed in, and what renews them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from sandbox.login_codes import Consent

MOST_GRANTS = 10_000


@dataclass
class Grant:
    consent: Consent
    access_token: str
    expires_at: float
    refresh_token: str
    refresh_expires_at: float
    began_at: float
    """When the person agreed, however often it was renewed since."""
    scopes: tuple[str, ...] = ()
    generation: int = 1
    """Of the platform's interface that gave it: one does not renew what another gave."""
    is_renewed: bool = False


@dataclass
class UserTokens:
    by_access_token: dict[str, Grant] = field(default_factory=dict)
    by_refresh_token: dict[str, Grant] = field(default_factory=dict)

    def add(self, grant: Grant) -> Grant:
        while len(self.by_access_token) >= MOST_GRANTS:
            oldest = self.by_access_token.pop(next(iter(self.by_access_token)))
            self.by_refresh_token.pop(oldest.refresh_token, None)
        self.by_access_token[grant.access_token] = grant
        self.by_refresh_token[grant.refresh_token] = grant
        return grant

    def expire(self, now: float) -> int:
        """How many living access tokens this ended; what renews them stays good."""
        living = [grant for grant in self.by_access_token.values() if now < grant.expires_at]
        for grant in living:
            grant.expires_at = now
        return len(living)


def new_token(prefix: str = "", length: int = 32) -> str:
    return prefix + secrets.token_urlsafe(length)[: length - len(prefix)]
