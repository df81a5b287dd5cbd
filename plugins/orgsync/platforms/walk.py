"""What every platform's reading of an organization does alike: plan each call, land each answer, prove that they agree."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

from orgsync.errors import PlatformBusyError, Refusal, RefusedError
from orgsync.platforms.ledger import Ledger, ledger_of_read, total
from orgsync.platforms.parallel import Task, run_tasks
from orgsync.platforms.platform import Reading, Record, Wanted
from orgsync.platforms.transport import Reply, Transport

log = logging.getLogger(__name__)

PROGRESS_SECONDS = 5.0


class Client(Protocol):
    """What a walk needs of a platform's client."""

    transport: Transport
    parallel: int


class Walk:
    """One read under way. It plans and lands, a platform's own walk says what."""

    def __init__(self, client: Client, wanted: Wanted, record: Record) -> None:
        self.wanted = wanted
        self.lock = threading.Lock()
        self._client = client
        self._record = record
        self._planned = Ledger()
        self._before = client.transport.ledger.counts()
        self._progress_at = time.monotonic() + PROGRESS_SECONDS

    def plan(self, interface: str) -> None:
        """One more answer is expected of this interface."""
        self._planned.count(interface, "expected")

    def land(self, part: str, call: Callable[[], Reply]) -> Reply:
        """Make a call that was planned, and land its answer."""
        reply = call()
        self._record(part, reply.answer)
        return reply

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
        """Run tasks and those they lead to; the first that fails for good wakes the others and ends the read."""
        transport = self._client.transport
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
    ) -> Reading:
        """What the read says about itself, the ledger's own doubts among its problems."""
        after = self._client.transport.ledger.counts()
        calls, doubts = ledger_of_read(before=self._before, after=after, planned=self._planned.counts())
        return Reading(
            mode=self.wanted.mode,
            method=method,
            calls=calls,
            tops=tuple(tops),
            visible_departments=tuple(visible_departments),
            visible_users=tuple(visible_users),
            platform_counts=dict(platform_counts or {}),
            problems=(*problems, *doubts),
        )

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
        refusal = error.refusal
    fix = "It was removed while the organization was read; the next try reads anew"
    raise PlatformBusyError(Refusal(refusal.platform, refusal.interface, refusal.code, refusal.request_id, refusal.reason, fix))
