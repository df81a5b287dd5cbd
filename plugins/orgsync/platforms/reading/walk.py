"""What every platform's reading of an organization does alike: plan each call, land each answer, prove that they agree."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar, Protocol

from orgsync.errors import CredentialError, PlatformBusyError, PlatformError, Refusal, RefusedError
from orgsync.platforms.platform import Answer, Company, Reading, Record, Targets, Wanted
from orgsync.platforms.speaking.ledger import Ledger, ledger_of_read, total
from orgsync.platforms.speaking.parallel import Task, run_tasks
from orgsync.platforms.speaking.transport import Reply, Transport

log = logging.getLogger(__name__)

PROGRESS_SECONDS = 5.0
MOST_MISSING = 20


class Client(Protocol):
    """What a walk needs of a platform's client."""

    transport: Transport
    parallel: int

    @property
    def company(self) -> Company: ...


class Walk:
    """One read under way. It plans and lands, a platform's own walk says what. `root_id` is the platform's root department."""

    root_id: ClassVar[str]

    def __init__(self, client: Client, wanted: Wanted, record: Record) -> None:
        self.wanted = wanted
        self.lock = threading.Lock()
        self._client = client
        self._record = record
        self._planned = Ledger()
        self._before = client.transport.ledger.counts()
        self._progress_at = time.monotonic() + PROGRESS_SECONDS
        self._missing: list[str] = []

    def plan(self, interface: str) -> None:
        """One more answer is expected of this interface."""
        self._planned.count(interface, "expected")

    def land(self, part: str, call: Callable[[], Reply]) -> Reply:
        """Make a call that was planned, and land its answer."""
        reply = call()
        self._record(part, reply.answer)
        return reply

    def record(self, part: str, answer: Answer) -> None:
        """Land an answer that was planned when it was there."""
        self._record(part, answer)

    def plan_and_land(self, part: str, interface: str, call: Callable[[], Reply]) -> Reply:
        self.plan(interface)
        return self.land(part, call)

    def land_pages(self, part: str, interface: str, pages: Iterator[Reply], next_cursor: Callable[[Reply], object]) -> Iterator[Reply]:
        """Land page after page. The first was planned by whoever calls; each page that points to another plans it."""
        for page in pages:
            self._record(part, page.answer)
            if next_cursor(page) is not None:
                self.plan(interface)
            yield page

    def run_parallel(self, tasks: Iterable[Task]) -> None:
        """Run tasks and those they lead to; the first that fails for good wakes the others and ends the read.

        A tolerant read goes on without what a failed task would have read.
        """
        transport = self._client.transport
        tasks = map(self._spare, tasks) if self.wanted.is_tolerant else tasks
        try:
            run_tasks(tasks, parallel=self._client.parallel, stop=transport.stop, tick=self._report)
        finally:
            transport.resume()

    def finish(
        self,
        *,
        method: str,
        tops: Iterable[str] = (),
        visible_departments: Iterable[str] = (),
        visible_users: Iterable[str] = (),
        platform_counts: Mapping[str, int] | None = None,
        problems: Iterable[str] = (),
        asked: Targets | None = None,
    ) -> Reading:
        """What the read says about itself, the parts that are missing and the ledger's own doubts among its problems."""
        tops = tuple(tops)
        after = self._client.transport.ledger.counts()
        calls, doubts = ledger_of_read(before=self._before, after=after, planned=self._planned.counts())
        return Reading(
            mode=self.wanted.mode,
            company=self._client.company,
            method=method,
            sees_whole=self.root_id in tops and not self.wanted.scope.include,
            calls=calls,
            tops=tops,
            visible_departments=tuple(visible_departments),
            visible_users=tuple(visible_users),
            platform_counts=dict(platform_counts or {}),
            problems=(*problems, *sorted(self._missing), *doubts),
            ahead_seconds=self._client.transport.ahead_seconds,
            asked=asked,
        )

    def _spare(self, task: Task) -> Task:
        def run() -> Iterable[Task]:
            try:
                return [self._spare(next_task) for next_task in task()]
            except CredentialError:
                raise
            except PlatformError as error:
                self._miss(error)
                return []

        return run

    def _miss(self, error: PlatformError) -> None:
        """Say which part is missing; where too many are, the platform is in trouble and not a part of it."""
        asked = ", ".join(f"{name} {value}" for name, value in error.params.items() if isinstance(value, int | str))
        log.warning("a part is missing (%s): %s", asked, error)
        with self.lock:
            self._missing.append(f"{error.refusal.interface} of {asked} is missing: {error.refusal.code} {error.refusal.reason}".strip())
            if len(self._missing) > MOST_MISSING:
                raise error

    def _report(self, tasks_left: int) -> None:
        if time.monotonic() < self._progress_at:
            return
        self._progress_at = time.monotonic() + PROGRESS_SECONDS
        answers = total(self._client.transport.ledger.counts(), "read") - total(self._before, "read")
        log.info("%d answers read, %d lists to read", answers, tasks_left)


def then_nothing(call: Callable[[], Any]) -> list[Task]:
    """A task that leads to no other."""
    call()
    return []


def explain_vanished(read: Task, *, gone_codes: frozenset[str]) -> Iterable[Task]:
    """What was listed a moment ago and is gone now is nobody's mistake: read again."""
    try:
        return read()
    except RefusedError as error:
        if error.refusal.code not in gone_codes:
            raise
        refused = error
    fix = "It was removed while the organization was read; the next try reads anew"
    refusal = refused.refusal
    vanished = PlatformBusyError(Refusal(refusal.platform, refusal.interface, refusal.code, refusal.request_id, refusal.reason, fix))
    vanished.params = refused.params
    raise vanished
