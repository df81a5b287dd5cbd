"""Wakes the sync of a tenant when events of it wait; and where they come by a stream, holds the streams in Airflow's triggerer.

One question to the warehouse serves all tenants, however many there are.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from orgsync.airflow_parts.polling import ask_again

log = logging.getLogger(__name__)

Row = Mapping[str, Any]

POLL_SECONDS = 2.0
"""A change shall be in the warehouse within some seconds of its event; the question reads an index of what waits."""

COMPLAINT = "nobody knows which events wait (%s); tenants are read at their times until the warehouse answers"

FIRST_PAUSE_SECONDS = 15.0
LONGEST_PAUSE_SECONDS = 300.0
"""Where they still wait, it rings again, each time after twice as long: a run may be under way, or wait for a person."""


@dataclass
class Patience:
    """Whether to ring now for a tenant whose events wait; `rung_at` is when it last did, in seconds of a clock that only goes forward.

    What comes meanwhile is rung for anew, `window` seconds apart: the run that was woken may have looked before.
    """

    window: float
    rung_at: float | None = None
    newest: Any = None
    pause: float = FIRST_PAUSE_SECONDS

    def should_ring(self, waiting: Mapping[str, Any] | None, *, now: float) -> bool:
        """`waiting` is of `warehouse.events.list_due_tenants`; None: no event waits any more."""
        if waiting is None:
            self.rung_at = None
            return False
        is_new = self.rung_at is None or waiting["newest_at"] != self.newest
        rests = 0.0 if self.rung_at is None else self.rung_at + (self.window if is_new else self.pause) - now
        if waiting["waits_seconds"] < self.window or rests > 0:
            return False
        self.pause = FIRST_PAUSE_SECONDS if is_new else min(2 * self.pause, LONGEST_PAUSE_SECONDS)
        self.rung_at, self.newest = now, waiting["newest_at"]
        return True


class EventTrigger(BaseEventTrigger):  # type: ignore[misc]
    """An event of Airflow whenever events of a tenant wait for `window` seconds, and again while they still do. It has no end."""

    def __init__(self, tenant_id: str, window: int) -> None:
        super().__init__()
        self.tenant_id = tenant_id
        self.window = window

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{type(self).__module__}.{type(self).__qualname__}", {"tenant_id": self.tenant_id, "window": self.window}

    def shared_stream_key(self) -> tuple[str]:
        return ("orgsync.events",)

    @classmethod
    async def open_shared_stream(cls, kwargs: dict[str, Any]) -> AsyncIterator[Mapping[str, Row]]:  # noqa: ARG003 - all share it
        """What waits, by tenant: whenever something does, and once when nothing does any more."""
        was_empty = False
        async for waiting in ask_again(look, pause_seconds=POLL_SECONDS, complaint=COMPLAINT):
            if waiting or not was_empty:
                yield waiting
            was_empty = not waiting

    async def filter_shared_stream(self, shared_stream: AsyncIterator[Mapping[str, Row]]) -> AsyncIterator[TriggerEvent]:
        """A run takes all that wait; one that began before the last of them came, or could do nothing yet, is followed by another."""
        patience = Patience(self.window)
        async for waiting in shared_stream:
            own = waiting.get(self.tenant_id)
            if patience.should_ring(own, now=time.monotonic()) and own:
                yield TriggerEvent({"tenant": self.tenant_id, "events": own["events"]})

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Where Airflow shares no stream."""
        async for event in self.filter_shared_stream(self.open_shared_stream({})):
            yield event


class ListenTrigger(BaseEventTrigger):  # type: ignore[misc]
    """Holds the streams of all tenants that have one, as `orgsync listen` does. It never fires: what it stores wakes who waits for it.

    Of several triggerers one listens to each app; the others stand by.
    """

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{type(self).__module__}.{type(self).__qualname__}", {}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        ends = threading.Event()
        try:
            while True:
                try:
                    await asyncio.to_thread(listen, ends)
                except Exception as error:
                    log.warning("nobody listens to the streams of events (%s); tried again", type(error).__name__)
                await asyncio.sleep(10)
        finally:
            ends.set()
        yield TriggerEvent({})  # never: it makes this a generator


def look() -> Mapping[str, Row]:
    """Nothing is written."""
    from orgsync.settings import read_settings
    from orgsync.warehouse.connection import open_warehouse
    from orgsync.warehouse.events import list_due_tenants
    from orgsync.warehouse.hook import find_warehouse

    with open_warehouse(find_warehouse(read_settings())) as connection:
        return list_due_tenants(connection)


def listen(ends: threading.Event) -> None:
    from orgsync.events.streams.listening import Listeners
    from orgsync.settings import read_settings

    Listeners(read_settings()).work(ends)
