"""Feishu's rule for tokens: the same one while half an hour is left, then a new one beside it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from sandbox.tokens import Tokens

RENEWED_BELOW_SECONDS = 1800


@dataclass
class RollingTokens(Tokens):
    """`value` is the newest; the older ones are good until their own end."""

    older: list[tuple[str, str, float]] = field(default_factory=list)
    """Value, client id, end."""

    def issue(self, *, client_id: str, seconds: float, now: float) -> str:
        """The newest without a longer life, else a new one."""
        self.issued += 1
        if self.value is None or self.client_id != client_id or self.expires_at - now < RENEWED_BELOW_SECONDS:
            self._retire(now)
            self.value, self.client_id, self.expires_at = f"t-{secrets.token_hex(20)}", client_id, now + seconds
        return self.value

    def is_valid(self, value: str | None, *, client_id: str, now: float) -> bool:
        if super().is_valid(value, client_id=client_id, now=now):
            return True
        return any((value, client_id) == (old, owner) and now < end for old, owner, end in self.older)

    def seconds_left(self, now: float) -> int:
        return max(0, int(self.expires_at - now))

    def expire(self) -> int:
        ended = super().expire() + len(self.older)
        self.older.clear()
        return ended

    def _retire(self, now: float) -> None:
        self.older = [old for old in self.older if now < old[2]]
        if self.value is not None and now < self.expires_at:
            self.older.append((self.value, self.client_id, self.expires_at))
