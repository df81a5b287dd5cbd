"""What a platform told its app about changes, and what became of each: for whoever checks what arrived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["pending", "delivered", "failed", "lost"]
"""Lost: never sent, as a fault ordered. Failed: sent as often as the platform does, and never acknowledged."""
ACKNOWLEDGED = "ok"


@dataclass(frozen=True)
class Event:
    id: str
    """WeCom shows none; it is the sandbox's own there."""
    type: str
    object_ids: tuple[str, ...]
    at_ms: int
    content: Mapping[str, Any]
    """What the platform says beside the envelope."""


@dataclass(frozen=True)
class Attempt:
    at: float
    by: str
    """`http`, or the id of the connection; empty when there was none."""
    outcome: str
    """`ok`, or what was wrong."""


@dataclass
class Emission:
    """One event and its way to the app. `number` counts from 1."""

    number: int
    event: Event
    state: State = "pending"
    attempts: list[Attempt] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    hostile: dict[str, str] = field(default_factory=dict)
    """What came of requests that the app must not take, by the kind of fault: `accepted`, or why not."""

    def shown(self) -> dict[str, Any]:
        event = self.event
        return {
            "number": self.number,
            "id": event.id,
            "type": event.type,
            "object_ids": event.object_ids,
            "at_ms": event.at_ms,
            "state": self.state,
            "faults": self.faults,
            "hostile": self.hostile,
            "attempts": self.attempts,
        }


@dataclass
class Events:
    """All since the organization was founded."""

    all: list[Emission] = field(default_factory=list)

    def add(self, events: Iterable[Event]) -> list[Emission]:
        added = [Emission(number, event) for number, event in enumerate(events, start=len(self.all) + 1)]
        self.all += added
        return added

    def since(self, number: int) -> list[Emission]:
        """Those after this one."""
        return self.all[number:]

    def counts(self) -> dict[str, Any]:
        states = Counter(emission.state for emission in self.all)
        by_state = {state: states[state] for state in ("pending", "delivered", "failed", "lost")}
        attempts = sum(len(emission.attempts) for emission in self.all)
        by_type = Counter(emission.event.type for emission in self.all)
        return {"emitted": len(self.all), **by_state, "attempts": attempts, "by_type": dict(by_type)}
