"""What the outbox and a platform say to each other about messages: content, one call's worth of it, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

Kind = Literal["text", "markdown", "card", "announcement", "todo"]
KINDS: tuple[Kind, ...] = ("text", "markdown", "card", "announcement", "todo")

RecipientState = Literal["sent", "delivered", "read", "failed", "unknown"]


@dataclass(frozen=True)
class Content:
    """What a message says, rendered for its platform. `due_at` is a todo's, shown in its own time zone; `url` opens where the work is.

    `body` is the platform's Markdown for kind `markdown`; everywhere else it is, like `title`, plain text and is shown as it is written.
    """

    kind: Kind
    title: str
    body: str = ""
    url: str = ""
    due_at: datetime | None = None


@dataclass(frozen=True)
class Person:
    """Someone by all the ids a platform may want: its message interfaces want another one than its directory."""

    user_id: str
    union_id: str | None = None
    open_id: str | None = None


@dataclass(frozen=True)
class Delivery:
    """One call's worth of a message: to everybody, or to people and whole departments (with those below them).

    `key` is the same for every attempt at the same call, and never for two calls: where a platform takes an idempotency key, this is it.
    """

    content: Content
    key: str
    people: tuple[Person, ...] = ()
    department_ids: tuple[str, ...] = ()
    to_all: bool = False


@dataclass(frozen=True)
class Receipt:
    """A platform has taken a call. `platform_id` is by what it can be asked about and recalled.

    `refused` are people it would not send to, each with the reason, and `refused_departments` departments; everybody else counts as
    sent. An empty `platform_id` is a call that cannot be asked about or recalled: all were refused, or the platform gave no id.
    """

    platform_id: str
    refused: Mapping[str, str] = field(default_factory=dict)
    refused_departments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What became of a message for one person."""

    state: RecipientState
    reason: str = ""


@dataclass(frozen=True)
class Dropped:
    """Why a platform left somebody out of a call, although a later one may reach them: when this minute or this day is over."""

    reason: str
    until_next: Literal["minute", "day"]


@dataclass(frozen=True)
class Results:
    """What a platform knows of a call by now. `is_final` says that asking again would tell nothing new but who read it.

    Who is not among `outcomes` stays what they were; `dropped` are to be sent to again. `refused_departments` are departments it turned
    down, each with the reason.
    """

    outcomes: Mapping[str, Outcome]
    is_final: bool
    refused_departments: Mapping[str, str] = field(default_factory=dict)
    dropped: Mapping[str, Dropped] = field(default_factory=dict)


RecallState = Literal["recalled", "too_late", "failed"]


@dataclass(frozen=True)
class Recall:
    """A platform's answer to taking a message back; too late is an answer, not an error."""

    state: RecallState
    reason: str = ""


@dataclass(frozen=True)
class TextLimits:
    """What any content of a kind must keep to, as far as counting tells; 0 and False are no limit.

    Whatever breaks one of these has a problem in `Messenger.find_problems`, so it may be refused before it is queued; whatever keeps to
    all of them may still have one. `total_bytes` is of title, body and URL together as UTF-8, `url_bytes` of the URL alone; characters are
    code points, and a title or body of nothing but blanks is none.
    """

    total_bytes: int = 0
    title_characters: int = 0
    body_characters: int = 0
    url_bytes: int = 0
    needs_title: bool = False
    needs_body: bool = False
    needs_url: bool = False


@dataclass(frozen=True)
class Limits:
    """What a platform allows, for all that the outbox decides about calls: sizes of a call, pace, and how long things last.

    `people_per_call` and `departments_per_call` 0 means that there is no such call; a todo takes `people_per_todo` and no departments
    (0: a todo is a message like any other). `is_idempotent` says that a repeated `Delivery.key` is not sent twice, within
    `idempotent_seconds`, whatever the call; what holds for one call is told by `Messenger.idempotent_seconds`. `result_hours` and
    `recall_hours` are how long after sending results can be asked for, and a message taken back (0: not at all). `url_schemes`
    are those that a message may open. `longest` is by kind. `unknown_quota` says which quota the platform does not tell, and what to do
    so that it is known and kept.
    """

    people_per_call: int
    departments_per_call: int = 0
    people_per_todo: int = 0
    has_send_to_all: bool = False
    calls_per_second: float = 0.0
    calls_per_minute: int = 0
    people_per_minute: int = 0
    messages_per_person_per_second: int = 0
    messages_per_person_per_minute: int = 0
    messages_per_person_per_hour: int = 0
    messages_per_person_per_day: int = 0
    send_to_all_per_day: int = 0
    recipients_per_day: int = 0
    billable_calls_per_month: int = 0
    is_idempotent: bool = False
    idempotent_seconds: int = 0
    has_results: bool = False
    result_hours: int = 0
    recall_hours: int = 0
    url_schemes: tuple[str, ...] = ("http", "https")
    longest: Mapping[str, TextLimits] = field(default_factory=dict)
    unknown_quota: str = ""


class Messenger(Protocol):
    """Sends a platform's messages and todos. Every method makes exactly one logical call and raises what the client raises."""

    limits: Limits

    @property
    def longest_call_seconds(self) -> float:
        """How long one HTTP call to the platform takes at most; a method makes several, one after the other."""
        ...

    def find_problems(self, content: Content) -> Sequence[str]:
        """Why this content can't be sent as it is (too long in bytes, no URL where one is needed), in words; nothing if it can."""
        ...

    def idempotent_seconds(self, delivery: Delivery) -> int:
        """For how long after a first attempt this very delivery may be sent again without reaching anybody twice; 0: not at all."""
        ...

    def send(self, delivery: Delivery) -> Receipt:
        """`leaves_doubt` of a PlatformError says that the message may have gone out.

        Sending it again reaches nobody twice within `idempotent_seconds` of the first attempt, and could later.
        """
        ...

    def fetch_results(self, platform_id: str, people: Sequence[Person]) -> Results: ...

    def recall(self, platform_id: str) -> Recall: ...

    def update_todo(self, platform_id: str, content: Content) -> None:
        """A RefusedError where the platform's todos are mere messages; so with completing."""
        ...

    def complete_todo(self, platform_id: str) -> None: ...

    def delete_todo(self, platform_id: str) -> Recall: ...
