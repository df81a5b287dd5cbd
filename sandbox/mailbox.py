"""What the people of an organization received from the app: messages, todos, sends to the whole company."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import msgspec

from sandbox.todos import Todos
from sandbox.windows import Windows

MOST_SENDINGS = 200_000
"""Older ones are forgotten; what they were counted as stays."""
MOST_REMEMBERED = 200_000

_encode = msgspec.json.Encoder(order="deterministic").encode


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says, as a person sees it, and as it was given."""

    kind: str
    given: Any
    title: str = ""
    text: str = ""
    url: str = ""

    @property
    def digest(self) -> bytes:
        return digest([self.kind, self.given])


def digest(value: Any) -> bytes:
    """The same for equal JSON."""
    return blake2b(_encode(value), digest_size=16).digest()


@dataclass(eq=False, slots=True)
class Sending:
    """One call to send. Who received it is kept as ids: to a company of 100,000 it is one message."""

    id: str
    interface: str
    content: Content
    sent_at: float
    recipients: Collection[str] = ()
    to_all: bool = False
    dropped: Mapping[str, str] = field(default_factory=dict)
    """Who did not receive it although the call was a success, and why."""
    given: dict[str, Any] = field(default_factory=dict)
    """What only its own platform understands."""
    recalled_at: float | None = None
    read_at: dict[str, float] = field(default_factory=dict)
    """By user id."""


class Mailbox:
    def __init__(self) -> None:
        self.sendings: dict[str, Sending] = {}
        """By the platform's id, the oldest first."""
        self.received: dict[str, list[Sending]] = {}
        """By user id, the oldest first."""
        self.todos = Todos()
        self.windows = Windows()
        self.messages = self.deliveries = self.duplicates = self.dropped = 0
        self._had: dict[bytes, set[str]] = {}
        self._remembered: dict[Hashable, tuple[float, Any]] = {}

    def add(self, sending: Sending) -> None:
        while len(self.sendings) >= MOST_SENDINGS:
            self._forget_oldest()
        self.sendings[sending.id] = sending
        for user_id in sending.recipients:
            received = self.received.get(user_id)
            if received is None:
                self.received[user_id] = [sending]
            else:
                received.append(sending)
        self._count(sending)

    def of(self, user_id: str) -> list[Sending]:
        """The newest first."""
        return self.received.get(user_id, [])[::-1]

    def latest(self) -> Iterator[Sending]:
        return reversed(self.sendings.values())

    def read(self, user_id: str, platform_id: str, *, now: float) -> Sending | None:
        """None when this person never received it. The first time counts."""
        sending = self.sendings.get(platform_id)
        if sending is None or sending not in self.received.get(user_id, ()):
            return None
        sending.read_at.setdefault(user_id, now)
        return sending

    def remember(self, key: Hashable, value: Any, *, now: float) -> None:
        """For a call that may come a second time."""
        if len(self._remembered) >= MOST_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        self._remembered.pop(key, None)
        self._remembered[key] = (now, value)

    def remembered(self, key: Hashable, *, seconds: float, now: float) -> Any:
        """None when it was longer ago."""
        at, value = self._remembered.get(key, (0, None))
        return value if now < at + seconds else None

    def _count(self, sending: Sending) -> None:
        had = self._had.setdefault(sending.content.digest, set())
        before = len(had)
        had.update(sending.recipients)
        self.duplicates += before + len(sending.recipients) - len(had)
        self.messages += 1
        self.deliveries += len(sending.recipients)
        self.dropped += len(sending.dropped)

    def _forget_oldest(self) -> None:
        oldest = self.sendings.pop(next(iter(self.sendings)))
        for user_id in oldest.recipients:
            self.received[user_id].remove(oldest)
