"""Wakes the sync of a tenant when events of it wait. One question to the warehouse serves all tenants, however many there are."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0
"""A change shall be in the warehouse within some seconds of its event; the question reads an index of what waits."""

FIRST_PAUSE_SECONDS = 15.0
LONGEST_PAUSE_SECONDS = 300.0
"""Where they still wait, it rings again, each time after twice as long: a run may be under way, or wait for a person."""


@dataclass
class Patience:
    """Whether to ring now for a tenant whose events wait; `rung_at` is when it last did, in seconds of a clock that only goes forward."""

    window: float
    rung_at: float | None = None
    pause: float = FIRST_PAUSE_SECONDS

    def should_ring(self, waits_seconds: float | None, *, now: float) -> bool:
        """None: no event waits any more."""
        if waits_seconds is None:
            self.rung_at = None
            return False
        if waits_seconds < self.window or (self.rung_at is not None and now - self.rung_at < self.pause):
            return False
        self.pause = FIRST_PAUSE_SECONDS if self.rung_at is None else min(2 * self.pause, LONGEST_PAUSE_SECONDS)
        self.rung_at = now
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
    async def open_shared_stream(cls, kwargs: dict[str, Any]) -> AsyncIterator[dict[str, float]]:  # noqa: ARG003 - all share it
        """For how many seconds events wait, by tenant: whenever some do, and once when none does any more."""
        said, before = "", {"": 0.0}
        while True:
            try:
                waiting = await asyncio.to_thread(look)
            except Exception as error:  # whatever it is, to end would end it for all tenants
                if said != (said := type(error).__name__):
                    log.warning("nobody knows which events wait (%s); tenants are read at their times until the warehouse answers", said)
            else:
                said = ""
                if waiting or before:
                    yield waiting
                before = waiting
            await asyncio.sleep(POLL_SECONDS)

    async def filter_shared_stream(self, shared_stream: AsyncIterator[Mapping[str, float]]) -> AsyncIterator[TriggerEvent]:
        """A run takes all that wait; one that began before the last of them came, or could do nothing yet, is followed by another."""
        patience = Patience(self.window)
        async for waiting in shared_stream:
            if patience.should_ring(waiting.get(self.tenant_id), now=time.monotonic()):
                yield TriggerEvent({"tenant": self.tenant_id})

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Where Airflow shares no stream."""
        async for event in self.filter_shared_stream(self.open_shared_stream({})):
            yield event


def look() -> dict[str, float]:
    """Nothing is written."""
    from orgsync.settings import read_settings
    from orgsync.warehouse.connection import open_warehouse
    from orgsync.warehouse.events import list_due_tenants
    from orgsync.warehouse.hook import find_warehouse

    with open_warehouse(find_warehouse(read_settings())) as connection:
        return list_due_tenants(connection)
