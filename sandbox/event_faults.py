"""Faults of events on order: which events they strike and what becomes of these."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from sandbox.events import Event

EventFaultKind = Literal[
    # of the event
    "lost", "duplicated", "delayed", "reordered",
    # of the request, by HTTP only
    "forged", "stale", "tampered",
    # of the connection, before the event goes out
    "disconnect", "silence", "restart",
]  # fmt: skip
EVERY_TYPE = "*"


class EventFaultSpec(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, rename={"from_": "from"}):
    """`events`, `from`/`to` and `every` count the events of this type since the fault was set, the first being 1."""

    kind: EventFaultKind
    type: str = EVERY_TYPE
    events: list[int] | None = None
    from_: int | None = None
    to: int | None = None
    every: Annotated[int, Meta(ge=1)] | None = None
    share: Annotated[float, Meta(ge=0, le=1)] = 1
    """So probable is it that an event which is due is struck; the same ones each time for a seed."""
    seed: int = 0
    times: int | None = None
    """Strike so often at most."""
    seconds: Annotated[float, Meta(ge=0)] = 1
    """So late is what is delayed, so long at most is held back what others are to overtake, so long is a restarted server away."""
    copies: Annotated[int, Meta(ge=1, le=100)] = 1
    """So many more of what is duplicated."""


@dataclass
class EventFault:
    id: int
    spec: EventFaultSpec
    seen: int = 0
    struck: int = 0

    def __post_init__(self) -> None:
        self.rng = Random(f"event fault:{self.spec.seed}:{self.spec.kind}:{self.spec.type}")

    def strikes(self, event: Event) -> bool:
        if self.spec.type not in (EVERY_TYPE, event.type):
            return False
        self.seen += 1
        is_drawn = self.rng.random() < self.spec.share  # for each event, so that a choice does not depend on another's
        if not is_drawn or not self._is_due() or (self.spec.times is not None and self.struck >= self.spec.times):
            return False
        self.struck += 1
        return True

    def _is_due(self) -> bool:
        spec = self.spec
        if spec.events is not None and self.seen not in spec.events:
            return False
        if spec.every is not None and self.seen % spec.every:
            return False
        return (spec.from_ or 1) <= self.seen <= (spec.to or self.seen)


@dataclass
class EventFaults:
    all: list[EventFault] = field(default_factory=list)
    last_id: int = 0

    def add(self, spec: EventFaultSpec) -> EventFault:
        self.last_id += 1
        fault = EventFault(self.last_id, spec)
        self.all.append(fault)
        return fault

    def remove(self, fault_id: int | None) -> int:
        """One of them, or all."""
        kept = [] if fault_id is None else [fault for fault in self.all if fault.id != fault_id]
        removed = len(self.all) - len(kept)
        self.all = kept
        return removed

    def striking(self, event: Event) -> dict[EventFaultKind, EventFaultSpec]:
        """By kind; of two of a kind the one that was set first."""
        struck = [fault.spec for fault in self.all if fault.strikes(event)]
        return {spec.kind: spec for spec in reversed(struck)}
