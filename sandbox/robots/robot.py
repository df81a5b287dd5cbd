"""One robot of a group: how it is set, what it received, and how often it was written through."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from sandbox.windows import MINUTE, SECOND

MOST_KEPT = 200
State = Literal["on", "off", "removed", "dissolved"]


class RobotSettings(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`secret`, `keywords` and `allowed_ips` are its security settings, empty where it has none; limits of 0 are none.

    `code` (with `message`) and `status` answer every call so, whatever it says; `location` is where a 3xx points to.
    """

    secret: str = ""
    keywords: Annotated[list[str], Meta(max_length=10)] = []
    allowed_ips: Annotated[list[str], Meta(max_length=10)] = []
    state: State = "on"
    per_second: int = 0
    per_minute: int = 0
    clock_offset_seconds: float = 0.0
    code: int | None = None
    message: str = ""
    status: int = 200
    location: str = ""


@dataclass(frozen=True)
class Received:
    """A message as the group sees it, and as it was given."""

    at: float
    kind: str
    title: str
    text: str
    content: Any
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Robot:
    platform: str
    token: str
    settings: RobotSettings
    received: deque[Received] = field(default_factory=lambda: deque(maxlen=MOST_KEPT))
    calls: int = 0
    refusals: dict[str, int] = field(default_factory=dict)
    silent_until: float = 0.0
    _keys: set[str] = field(default_factory=set)
    _taken: deque[float] = field(default_factory=lambda: deque(maxlen=1000))

    def now(self) -> float:
        return time.time() + self.settings.clock_offset_seconds

    def is_full(self) -> bool:
        """Whether one more would be too many; counted are those that were taken."""
        now = self.now()
        limits = ((self.settings.per_second, SECOND), (self.settings.per_minute, MINUTE))
        return any(limit and sum(at > now - seconds for at in self._taken) >= limit for limit, seconds in limits)

    def take(self, message: Received, *, key: str = "") -> None:
        """What came with a key that is known already is not shown again."""
        self._taken.append(self.now())
        if key and key in self._keys:
            return
        self._keys.add(key)
        self.received.append(message)

    def lacks_keyword(self, *texts: str) -> bool:
        keywords = self.settings.keywords
        return bool(keywords) and not any(keyword in text for keyword in keywords for text in texts)

    def is_foreign(self, address: str) -> bool:
        return bool(self.settings.allowed_ips) and address not in self.settings.allowed_ips
