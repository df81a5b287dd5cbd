"""Wakes `org_notify` when there is something to do. Airflow's triggerer asks the warehouse, so that an outbox at rest costs no runs."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from typing import Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from orgsync.airflow_parts.polling import ask_again

POLL_SECONDS = 10.0
COMPLAINT = "nobody knows what waits in the outbox (%s); org_notify runs at its times until the warehouse answers"

PATIENCE_SECONDS = 60.0
"""A run works for most of a minute; what is due after that is due for another."""


@dataclass
class Bell:
    """Whether to ring now. `rung_at` is for which of those that are due it rang, and when, in seconds of a clock that only goes forward."""

    inputs: str = ""
    rung_at: dict[str, float] = field(default_factory=dict)

    def should_ring(self, due: Collection[str], inputs: str, *, now: float) -> bool:
        """For a tenant that became due, for one that still is after a minute, and for what tenants are made of: what is known of them is
        brought up to date by a run.
        """
        is_changed, self.inputs = inputs != self.inputs, inputs
        self.rung_at = {tenant_id: at for tenant_id, at in self.rung_at.items() if tenant_id in due and now - at < PATIENCE_SECONDS}
        if not is_changed and set(due) <= self.rung_at.keys():
            return False
        self.rung_at |= dict.fromkeys(due, now)
        return True


class OutboxTrigger(BaseEventTrigger):  # type: ignore[misc]
    """An event whenever `org_notify` should run. It has no end: what fails is tried again, for Airflow starts no watcher a second time."""

    def __init__(self, poll_seconds: float = POLL_SECONDS) -> None:
        super().__init__()
        self.poll_seconds = poll_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{type(self).__module__}.{type(self).__qualname__}", {"poll_seconds": self.poll_seconds}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        bell = Bell()
        async for due, inputs in ask_again(look, pause_seconds=self.poll_seconds, complaint=COMPLAINT):
            if bell.should_ring(due, inputs, now=time.monotonic()):
                yield TriggerEvent({"tenants": len(due)})


def look() -> tuple[list[str], str]:
    """The tenants for which something is due, and a hash of what tenants are made of. Nothing is written."""
    from orgsync.airflow_parts.tenants_bundle import hash_inputs
    from orgsync.outbox.sending import list_due
    from orgsync.settings import read_settings

    return list_due(read_settings()), hash_inputs()
