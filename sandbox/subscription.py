"""Whither a platform tells its app of changes, as the app's console has it, and how the platform says it on the wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import msgspec

from sandbox.changes import Changes
from sandbox.events import Event

Mode = Literal["off", "http", "stream"]
DEFAULT_TOKEN = "sandboxEventToken"  # noqa: S105
DEFAULT_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"


class Subscription(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    mode: Mode = "off"
    url: str = ""
    token: str = DEFAULT_TOKEN
    """Feishu's verification token."""
    key: str = DEFAULT_KEY
    """The EncodingAESKey; Feishu's Encrypt Key, which may be empty."""


@dataclass(frozen=True)
class Push:
    """One HTTP request of the platform to the app."""

    method: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    secret: Any = None
    """What a right answer is known by."""
    keeps_plus: bool = False
    """A `+` in the query stays as it is, which a reader takes for a blank."""


@dataclass(frozen=True)
class Sealing:
    """What is the request's own and nobody else's."""

    timestamp: int
    nonce: str
    salt: bytes
    """16 bytes."""


@dataclass(frozen=True)
class Posted:
    status: int
    body: bytes


class HttpStyle(Protocol):
    """A platform's requests, and the answers it takes for an acknowledgement."""

    def check_subscription(self, subscription: Subscription) -> None:
        """Raises `ValueError` for a token or a key that the console would refuse."""

    def make_check(self, tenant: Any, subscription: Subscription, sealing: Sealing) -> Push:
        """Whether the app answers there at all."""

    def passes_check(self, tenant: Any, subscription: Subscription, push: Push, answer: Posted) -> bool: ...

    def make_push(self, tenant: Any, subscription: Subscription, event: Event, sealing: Sealing) -> Push: ...

    def find_fault(self, tenant: Any, subscription: Subscription, answer: Posted) -> str | None:
        """What is wrong with the answer to an event; None where it is an acknowledgement."""


Frame = str | bytes


@dataclass(frozen=True)
class Heard:
    """What a frame of the app says."""

    acknowledged: str | None = None
    """The id of the message that it answers."""
    outcome: str = ""
    reply: Frame | None = None


@dataclass(frozen=True)
class Rejection:
    """Of a connection that is not let in."""

    status: int
    headers: Mapping[str, str]
    reason: str


@dataclass(frozen=True)
class Admission:
    connection_id: str
    takes_events: bool = True


class StreamStyle(Protocol):
    """A platform's frames over a connection that the app opened."""

    path: str

    def admit(self, tenant: Any, query: Mapping[str, str]) -> Admission | Rejection: ...

    def make_frames(self, tenant: Any, event: Event, message_id: str) -> list[Frame]: ...

    def hear(self, tenant: Any, frame: Frame) -> Heard: ...

    def keep_alive(self) -> Frame | None:
        """What the platform sends now and then; None where it is the app that does."""

    def farewell(self) -> Frame | None:
        """What goes before a planned end; None where nothing does."""


@dataclass(frozen=True)
class Telling:
    """All of it, for one platform."""

    find_events: Callable[[Any, Any, Changes, float], list[Event]]
    """From the tenant before and after, what changed, and the time."""
    http: HttpStyle
    stream: StreamStyle | None = None
    find_range_events: Callable[[Any, Any, float], list[Event]] | None = None
    """The same, where what changed is what the app may see."""
    give_up: Callable[[Any, Event], None] | None = None
    """What the platform does with an event that it could not deliver by HTTP."""
