"""Faults of events on order: which events they strike and what becomes of these."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Annotated, Literal

from msgspec import Meta

from sandbox.events import Event
from sandbox.orders import Occasions, Orders

EventFaultKind = Literal[
    # of the event
    "lost", "duplicated", "delayed", "reordered",
    # of the request, by HTTP only
    "forged", "stale", "tampered",
    # of the connection, before the event goes out
    "disconnect", "silence", "restart",
]  # fmt: skip
EVERY_TYPE = "*"


class EventFaultSpec(Occasions, kw_only=True):
    """`events`, `from`/`to` and `every` count the events of this type since the fault was set, the first being 1."""

    kind: EventFaultKind
    type: str = EVERY_TYPE
    events: list[int] | None = None
    share: Annotated[float, Meta(ge=0, le=1)] = 1
    """So probable is it that an event which is due is struck; the same ones each time for a seed."""
    seed: int = 0
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
        if not is_drawn or not self.spec.are_now(self.seen, chosen=self.spec.events) or self.spec.are_over(self.struck):
            return False
        self.struck += 1
        return True


class EventFaults(Orders[EventFault, EventFaultSpec]):
    def __init__(self) -> None:
        super().__init__(EventFault)

    def striking(self, event: Event) -> dict[EventFaultKind, EventFaultSpec]:
        """By kind; of two of a kind the one that was set first."""
        struck = [fault.spec for fault in self.all if fault.strikes(event)]
        return {spec.kind: spec for spec in reversed(struck)}
