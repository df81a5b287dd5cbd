"""What every platform's events have in common: what is kept of one, what came over the wire, what is answered, and why one is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

Kind = Literal[
    "user.added",
    "user.changed",
    "user.removed",
    "department.added",
    "department.changed",
    "department.removed",
    "range.changed",
    "other",
]

Reason = Literal[
    "forged",
    "stale",
    "malformed",
    "oversized",
    "unsealed",
    "other_company",
    "too_many",
    "unknown_address",
    "not_stored",
]

MOST_IDS = 20_000
LONGEST_ID = 200
LONGEST_KEY = 300


class RefusedCallError(Exception):
    """A call that is not answered with what the platform takes for success; `reason` is counted, and nothing else is told."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


@dataclass(frozen=True)
class Event:
    """That something happened, to whom: ids, types and times, nothing personal. It is a hint, never data.

    `key` is the same however often and by whichever way the event comes. `type` is the platform's own word, `kind` ours. `open_ids` are
    people by the other id of a platform that has two. `company` is the platform's id of the organization, empty where it does not say.
    `department_ids` of an event about a person are those that it names.
    """

    platform: str
    key: str
    type: str
    kind: Kind = "other"
    user_ids: tuple[str, ...] = ()
    open_ids: tuple[str, ...] = ()
    department_ids: tuple[str, ...] = ()
    happened_at: datetime | None = None
    company: str = ""

    def __post_init__(self) -> None:
        """What no platform would send is refused here, whatever brought it: it could not be stored."""
        texts = (self.key, self.type, self.company, *self.user_ids, *self.open_ids, *self.department_ids)
        if len(texts) > MOST_IDS or not self.key or not self.type or len(self.key) > LONGEST_KEY:
            raise RefusedCallError("malformed")
        if any(len(text) > LONGEST_KEY or not _can_be_stored(text) for text in texts):
            raise RefusedCallError("malformed")


@dataclass(frozen=True)
class Call:
    """What came over HTTP. Names of headers are in lower case."""

    method: str
    query: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Reply:
    """What the platform takes for success."""

    body: bytes = b""
    content_type: str = "text/plain"


@dataclass(frozen=True)
class Heard:
    """What a genuine call said: an event, or none (the check of an address); `reply` is given once the event is stored."""

    reply: Reply
    event: Event | None = None


class Callback(Protocol):
    """Hears what one app's subscription pushes over HTTP. `company` is the organization's id where the connection names it."""

    @property
    def app(self) -> str: ...

    @property
    def company(self) -> str: ...

    def hear(self, call: Call, *, now: float) -> Heard:
        """`now` is in seconds since 1970. Raises RefusedCallError, and nothing else, whatever comes."""
        ...


def read_ids(value: Any) -> tuple[str, ...]:
    """Of a list, a number or a text; each once. What is none of these is no id."""
    values = value if isinstance(value, list) else [value]
    if len(values) > MOST_IDS:
        raise RefusedCallError("malformed")
    found = (str(each) for each in values if isinstance(each, str | int) and not isinstance(each, bool))
    return tuple(dict.fromkeys(text for text in found if 0 < len(text) <= LONGEST_ID))


def read_instant(value: Any) -> datetime | None:
    """Seconds, milliseconds or microseconds since 1970, as number or text; None for what is no time of this century."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdecimal() and 10 <= len(text) <= 16):
        return None
    number = int(text)
    seconds = number / (1 if len(text) <= 11 else 1000 if len(text) <= 14 else 1_000_000)
    return datetime.fromtimestamp(seconds, UTC) if seconds < 4_102_444_800 else None


def _can_be_stored(text: str) -> bool:
    """PostgreSQL keeps neither NUL nor half a character."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)
