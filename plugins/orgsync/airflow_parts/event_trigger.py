"""Wakes a tenant's sync when its platform pushed something; and where that comes by a stream, holds the stream in Airflow's triggerer."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0
PATIENCE_SECONDS = 300.0
"""What is still there after so long has been forgotten, by a run that failed or never came: it is told again."""


@dataclass
class Window:
    """Whether to wake the tenant now: a while after the first of what waits, so that a burst is one run; and once for each burst."""

    seconds: float
    told: Any = None
    told_at: float = float("-inf")

    def should_wake(self, waiting: Mapping[str, Any] | None, *, now: float) -> bool:
        """`waiting` is of `events/list_waiting`; `now` is in seconds of a clock that only goes forward."""
        if waiting is None:
            self.told = None
            return False
        if waiting["waits_seconds"] < self.seconds:
            return False
        newest = waiting["last_received_at"]
        if newest == self.told and now - self.told_at < PATIENCE_SECONDS:
            return False
        self.told, self.told_at = newest, now
        return True


class TenantEventsTrigger(BaseEventTrigger):  # type: ignore[misc]
    """An event whenever the tenant has some that nobody has handled. It has no end: what fails is tried again.

    `window` is in seconds. The inbox table is the work list: what is told here is that there is something, and how much.
    """

    def __init__(self, tenant_id: str, window: float, poll_seconds: float = POLL_SECONDS) -> None:
        super().__init__()
        self.tenant_id, self.window, self.poll_seconds = tenant_id, window, poll_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        given = {"tenant_id": self.tenant_id, "window": self.window, "poll_seconds": self.poll_seconds}
        return f"{type(self).__module__}.{type(self).__qualname__}", given

    async def run(self) -> AsyncIterator[TriggerEvent]:
        window, said = Window(self.window), ""
        while True:
            try:
                waiting = await asyncio.to_thread(look, self.tenant_id)
            except Exception as error:  # whatever it is, to end would end it for good
                if said != (said := type(error).__name__):
                    log.warning("nobody knows which events of %s wait (%s); it is read at its times", self.tenant_id, said)
            else:
                said = ""
                if window.should_wake(waiting, now=time.monotonic()) and waiting:
                    yield TriggerEvent({"tenant_id": self.tenant_id, "events": waiting["events"]})
            await asyncio.sleep(self.poll_seconds)


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


def look(tenant_id: str) -> Mapping[str, Any] | None:
    """What of the tenant's events nobody has handled; None if nothing. Nothing is written."""
    from orgsync.settings import read_settings
    from orgsync.warehouse.connection import open_warehouse
    from orgsync.warehouse.events import list_waiting
    from orgsync.warehouse.hook import find_warehouse

    with open_warehouse(find_warehouse(read_settings())) as connection:
        return list_waiting(connection, [tenant_id]).get(tenant_id)


def listen(ends: threading.Event) -> None:
    from orgsync.events.streams.listening import Listeners
    from orgsync.settings import read_settings

    Listeners(read_settings()).work(ends)
