"""Keeps what a worker has claimed for as long as it lives, and tells it before each call whether it has it still.

A lease is short, so that what a dead worker had comes back soon, and is lengthened while its worker lives. Before each HTTP call it is
lengthened again, by the warehouse and its clock: whoever was held up until its lease was over finds out, and does not call. A lease covers
one such call from its beginning to its end, also where the warehouse goes away meanwhile.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from datetime import timedelta
from types import TracebackType

import psycopg2
from psycopg2.extensions import connection as Connection

from orgsync.errors import WarehouseUnavailableError
from orgsync.outbox import store
from orgsync.outbox.store import Call
from orgsync.platforms.sending.messages import Messenger
from orgsync.warehouse.clock import Clock

log = logging.getLogger(__name__)

SLACK = timedelta(seconds=10)
"""How much longer a lease is than the longest call: looking up the platform's name takes time too."""
BEAT_SECONDS = 10.0
PROMPT_SECONDS = 2.0
"""An answer that took longer may not hold any more: it is asked for again."""


def find_lease(messenger: Messenger) -> timedelta:
    """Longer than a call to the platform takes at most, and no longer than that needs."""
    return timedelta(seconds=messenger.longest_call_seconds) + SLACK


class Holding:
    """The calls that this worker has. It speaks to the warehouse by a connection of its own, from many threads."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self._lock = threading.Lock()
        self._calls: dict[int, Call] = {}
        self._is_over = threading.Event()
        self._beating = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Holding:
        self._beating.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._is_over.set()
        self._beating.join()

    def take(self, calls: Iterable[Call]) -> None:
        with self._lock:
            self._calls |= {call.attempt_id: call for call in calls}

    def let_go(self, call: Call) -> None:
        with self._lock:
            self._calls.pop(call.attempt_id, None)

    def has(self, call: Call) -> bool:
        """Whether this worker may make the call now. Raises WarehouseUnavailableError when nobody can tell."""
        while True:
            asked_at = time.monotonic()
            has = call.attempt_id in self._renew([call])
            if not has or time.monotonic() - asked_at < PROMPT_SECONDS:
                return has

    def _renew(self, calls: Iterable[Call]) -> set[int]:
        with self._lock:
            if self._is_over.is_set():
                return set()
            try:
                held = store.renew_leases(self._connection, calls, now=self._clock(self._connection))
                self._connection.commit()
            except psycopg2.Error as error:
                said = type(error).__name__
            else:
                return held
        # Outside the handler: the driver's own error holds rows.
        raise WarehouseUnavailableError(
            f"the warehouse does not tell whether a call is still to be made ({said}); the step can be run again"
        )

    def _beat(self) -> None:
        while not self._is_over.wait(BEAT_SECONDS):
            with self._lock:
                calls = list(self._calls.values())
            try:
                lost = len(calls) - len(self._renew(calls)) if calls else 0
            except WarehouseUnavailableError as error:
                log.warning("the leases of %d calls cannot be lengthened: %s", len(calls), error)
                return
            if lost:
                log.warning("%d of %d calls under way count as lost", lost, len(calls))
