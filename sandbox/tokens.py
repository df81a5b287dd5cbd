"""Access tokens: one at a time for the app, the same until it expires."""

from __future__ import annotations

import secrets
from dataclasses import dataclass


@dataclass
class Tokens:
    value: str | None = None
    client_id: str = ""
    expires_at: float = 0
    issued: int = 0

    def issue(self, *, client_id: str, seconds: float, now: float) -> str:
        """The living token with its life extended, else a new one."""
        if not self.is_valid(self.value, client_id=client_id, now=now):
            self.value, self.client_id = secrets.token_hex(16), client_id
        self.issued += 1
        self.expires_at = now + seconds
        return self.value or ""

    def is_valid(self, value: str | None, *, client_id: str, now: float) -> bool:
        return value is not None and value == self.value and client_id == self.client_id and now < self.expires_at

    def expire(self) -> int:
        """How many living tokens this ended."""
        ended = 0 if self.value is None else 1
        self.value = None
        return ended
