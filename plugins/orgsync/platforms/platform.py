"""What a platform's folder gives to the rest: how to connect, how to read, how to tidy what was read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from orgsync.manifest import Mode as Mode

if TYPE_CHECKING:
    from orgsync.frames import TidySet


@dataclass(frozen=True)
class Answer:
    """One raw answer as it lands: the interface asked, our parameters (never a token), and the body's bytes."""

    interface: str
    params: Mapping[str, Any]
    body: bytes


@dataclass(frozen=True)
class Scope:
    """Which part of the organization a tenant wants.

    `include` and `exclude` are department ids, each with its whole subtree; an empty `include` means all that is visible.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    linked_organizations: bool = False


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
    `problems` lists why the read is not complete; a complete read has none.
    """

    mode: Mode
    calls: Mapping[str, CallCount]
    tops: tuple[str, ...] = ()
    visible_departments: tuple[str, ...] = ()
    visible_users: tuple[str, ...] = ()
    platform_counts: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


class Record(Protocol):
    """Lands one answer; safe to call from several threads. `part` names the file: departments, users, organization."""

    def __call__(self, part: str, answer: Answer) -> None: ...


class Extract(Protocol):
    """Reads a whole organization through a client, landing every answer as it comes."""

    def __call__(self, client: Any, *, mode: Mode, scope: Scope, record: Record) -> Reading: ...


class Tidy(Protocol):
    """Turns the answers of one snapshot into tidy frames. `answers(part)` iterates one landed file.

    `mapping` is the tenant's own: `{"user": {"job_number": "extension.工号"}}` fills a tidy column from a raw field.
    """

    def __call__(
        self,
        answers: Callable[[str], Iterable[Answer]],
        *,
        mode: Mode,
        mapping: Mapping[str, Mapping[str, str]],
    ) -> TidySet: ...


@dataclass(frozen=True)
class Platform:
    """One IM platform. `connect(conn_id)` gives a client from an Airflow connection."""

    name: str
    title: str
    connect: Callable[[str], Any]
    extract: Extract
    tidy: Tidy
