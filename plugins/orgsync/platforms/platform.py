"""What a platform's folder gives to the rest: how to connect, how to read, how to tidy what was read, how to send."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import StrictBool

from orgsync.errors import ConfigurationError
from orgsync.manifest import Company as Company
from orgsync.manifest import Mode as Mode
from orgsync.manifest import Targets as Targets
from orgsync.platforms.paths import PathText

if TYPE_CHECKING:
    from orgsync.errors import PermissionDeniedError
    from orgsync.frames import TidySet
    from orgsync.platforms.hearing.events import Callback
    from orgsync.platforms.hearing.streams import Stream
    from orgsync.platforms.sending.messages import Content, Messenger
    from orgsync.platforms.signing_in import SignIn


@dataclass(frozen=True)
class Answer:
    """One raw answer as it lands: the interface asked, our parameters (never a token), and the body's bytes.

    Where a platform lands answers of earlier reads again, `read_at` among the parameters is when that read was.
    """

    interface: str
    params: Mapping[str, Any]
    body: bytes

    @property
    def read_at(self) -> str:
        """When it was read, in ISO format; empty where answers are never landed again."""
        return str(self.params.get("read_at") or "")


ERASED = "***"
"""Stands in a text where something of a person stood who is forgotten."""


@dataclass(frozen=True)
class Person:
    """Somebody whose data is to go.

    `ids` are all that the platform knows them by: they count where an id of a person stands, and nowhere else. `values` are texts that
    nobody else has, such as a mobile number: they are theirs wherever they stand.
    """

    ids: frozenset[str]
    values: tuple[str, ...] = ()

    def clean_text(self, text: str) -> str:
        """A text without their values; what only begins or ends like one, as part of a longer word or number, stays."""
        return self._pattern.sub(ERASED, text) if self._pattern and text else text

    @cached_property
    def pattern(self) -> str:
        """What finds their values, longest first, as Python and PostgreSQL read it; empty where there are none."""
        longest_first = sorted(filter(None, self.values), key=len, reverse=True)
        return "|".join(rf"(?<![0-9A-Za-z_]){re.escape(each)}(?![0-9A-Za-z_])" for each in longest_first)

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        return re.compile(self.pattern) if self.pattern else None


@dataclass(frozen=True)
class Erased:
    """An answer without a person: None if nothing of it is left. `records` were theirs, `mentions` stood in those of others."""

    answer: Answer | None
    records: int = 0
    mentions: int = 0


@dataclass(frozen=True)
class Scope:
    """Which part of the organization a tenant wants.

    `include` and `exclude` are department ids, each with its whole subtree; an empty `include` means all that is visible.
    `include_paths` and `exclude_paths` are paths as the warehouse shows them (`DepartmentPath`); before a read they become ids.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    include_paths: tuple[PathText, ...] = ()
    exclude_paths: tuple[PathText, ...] = ()
    linked_organizations: StrictBool = False

    @property
    def has_paths(self) -> bool:
        return bool(self.include_paths or self.exclude_paths)

    @property
    def names_departments(self) -> bool:
        """Whether it is of some departments, and not of all but some."""
        return bool(self.include or self.include_paths)


def as_it_came(_: Any, error: PermissionDeniedError) -> PermissionDeniedError:
    """Of a platform without permissions of single interfaces."""
    return error


def no_callback(conn_id: str) -> Callback:
    """Of a platform that pushes nothing."""
    raise ConfigurationError(f"connection {conn_id!r} is of a platform that pushes no events")


def as_it_is(text: str) -> str:
    """Where plain text needs no escape."""
    return text


class Answers(Protocol):
    """Iterates the landed answers of one part of a snapshot: departments, users, organization."""

    def __call__(self, part: str) -> Iterable[Answer]: ...


def no_body(content: Content) -> Mapping[str, Any]:  # noqa: ARG001
    """Where nothing is sent."""
    return {}


def as_one_statement(answer: Answer) -> Iterable[bytes]:
    """Where nothing is known of what differs with every call: then no two reads are alike."""
    return (answer.body,)


def keep_answer(answer: Answer, person: Person) -> Erased:  # noqa: ARG001
    """Where nobody knows what an answer says of people, nobody can be taken out of it."""
    raise ConfigurationError("this platform's answers cannot be rewritten without a person: its folder does not say where they name people")


def name_nobody(answer: Answer) -> Iterable[frozenset[str]]:  # noqa: ARG001
    """Where nobody knows what an answer says of people."""
    return ()


def by_ids_alone(client: Any, wanted: Wanted) -> Scope:  # noqa: ARG001
    """Where departments cannot be found by their names."""
    if wanted.scope.has_paths:
        raise ConfigurationError("departments of this platform are named by id alone; write include and exclude in place of paths")
    return wanted.scope


def unknown_company(conn_id: str) -> Company:  # noqa: ARG001
    """Where nothing of a connection tells whose organization it is."""
    return Company()


def no_answers(part: str) -> Iterable[Answer]:  # noqa: ARG001
    """Where nothing was landed before."""
    return ()


@dataclass(frozen=True)
class Wanted:
    """What a tenant wants of one read, taken at `taken_at`.

    `user_key` names the id that people are keyed by, on a platform that offers several (`Platform.user_keys`).
    `is_tolerant` wants a read to go on where a part of it is refused, and to name that part among its problems.
    `earlier` gives the answers of the newest whole read that history is made of, for a platform that need not ask again what it knows;
    before them come those of the targeted reads since, the newest first.
    """

    mode: Mode
    scope: Scope = field(default_factory=Scope)
    user_key: str = ""
    earlier: Answers = no_answers
    is_tolerant: bool = False
    taken_at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True)
class CallCount:
    """The page ledger of one interface."""

    expected: int = 0
    read: int = 0
    failed: int = 0
    retried: int = 0
    throttled: int = 0


@dataclass(frozen=True)
class Reading:
    """What one read of an organization says about itself; it goes into the manifest.

    `visible_departments` and `visible_users` are the app's visible range as the platform names it. `platform_counts`
    holds the platform's own figures (for example `{"users": 1234}`) and `tops` the ids of the visible top departments.
    `method` says in a few words by which way it was read, where a platform has several. `problems` lists why the read is not
    complete; a complete read has none. `sees_whole` says that the visible range was the whole organization, so that who is absent is gone.
    `company` says whose organization it is. `asked` is None for a read of everything; of a targeted one it names whom it says something
    about: each is among the records, or is gone; what the platform could not tell of is not in it.
    `ahead_seconds` is by how much the platform's clock is ahead of this machine's, if it tells.
    """

    mode: Mode
    calls: Mapping[str, CallCount]
    method: str = ""
    sees_whole: bool = False
    tops: tuple[str, ...] = ()
    visible_departments: tuple[str, ...] = ()
    visible_users: tuple[str, ...] = ()
    platform_counts: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    company: Company = field(default_factory=Company)
    ahead_seconds: float | None = None
    asked: Targets | None = None


class Record(Protocol):
    """Lands one answer; safe to call from several threads. `part` names the file: departments, users, organization."""

    def __call__(self, part: str, answer: Answer) -> None: ...


class Extract(Protocol):
    """Reads a whole organization through a client, landing every answer as it comes. Complete, or an error."""

    def __call__(self, client: Any, wanted: Wanted, record: Record) -> Reading: ...


class Look(Protocol):
    """Reads some people and departments alone, and the departments of these people; lands every answer. Complete, or an error.

    People are named as they are keyed (`Wanted.user_key`), departments as they are keyed. What is outside the tenant's scope, or hidden
    from the app, is left out of `Reading.asked`.
    """

    def __call__(self, client: Any, wanted: Wanted, targets: Targets, record: Record) -> Reading: ...


class Tidy(Protocol):
    """Turns the answers of one snapshot into tidy frames. `answers(part)` iterates one landed file.

    `mapping` is the tenant's own: `{"user": {"job_number": "extension.工号"}}` fills a tidy column from a raw field.
    """

    def __call__(self, answers: Answers, *, mode: Mode, mapping: Mapping[str, Mapping[str, str]]) -> TidySet: ...


@dataclass(frozen=True)
class Platform:
    """One IM platform. `connect(conn_id)` gives a client from an Airflow connection.

    `identify(conn_id)` says whose organization that would be, without a call; the platform has confirmed it once a read has ended.
    `locate(client, wanted)` is the scope with its paths as ids; it asks the platform only if there are any.
    `name_missing(client, error)` is a refusal for want of a permission, with all the others that a read would meet next.
    `form` is what Airflow learns of its connection type, an entry of `connection-types` in a provider's description. `pool_slots` is how
    many tasks may read from it at once. `user_keys` are the ids by which its people can be keyed, the default first; none is no choice.
    `messenger(conn_id)` gives what sends its messages from the same connection; None is a platform that only reads. `escape_markdown`
    turns plain text into this platform's Markdown (the body of a message of kind `markdown`) that shows it as it is written.
    `substance` gives what an answer says, a statement for each record, without what differs with every call: two reads with the same
    statements, in whatever order, tidy to the same frames.
    `callback(conn_id)` hears what the app's event subscription pushes over HTTP; `stream(conn_id)` what it sends over a connection that we
    open. None is a platform that has no such thing.
    `sign_in(conn_id, user_key)` signs people of the organization in; `user_key` is empty for the platform's own choice.
    `erase` gives an answer without a person, as if they had never been there; `list_people` the ids of each whose record is in it;
    `mentions` the fields that hold the id of somebody else.
    `write_body` gives what the platform is sent for a content, to one receiver; what only the sending knows is named in its place.
    `look` reads some people and departments alone; None is a platform that can only be read as a whole.
    """

    name: str
    title: str
    form: Mapping[str, Any]
    connect: Callable[[str], Any]
    extract: Extract
    tidy: Tidy
    look: Look | None = None
    substance: Callable[[Answer], Iterable[bytes]] = as_one_statement
    erase: Callable[[Answer, Person], Erased] = keep_answer
    list_people: Callable[[Answer], Iterable[frozenset[str]]] = name_nobody
    mentions: Callable[[], Collection[str]] = frozenset
    identify: Callable[[str], Company] = unknown_company
    locate: Callable[[Any, Wanted], Scope] = by_ids_alone
    name_missing: Callable[[Any, PermissionDeniedError], PermissionDeniedError] = as_it_came
    user_keys: tuple[str, ...] = ()
    pool_slots: int = 4
    messenger: Callable[[str], Messenger] | None = None
    callback: Callable[[str], Callback] = no_callback
    stream: Callable[[str], Stream] | None = None
    sign_in: Callable[[str, str], SignIn] | None = None
    escape_markdown: Callable[[str], str] = as_it_is
    write_body: Callable[[Content], Mapping[str, Any]] = no_body
