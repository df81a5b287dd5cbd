"""Faults on order, whatever they strike: which of what they see is due, and the list of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Generic, Protocol, TypeVar

import msgspec
from msgspec import Meta


class Occasions(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, rename={"from_": "from"}):
    """`from`/`to` and `every` count what a fault concerns since it was set, the first being 1."""

    from_: int | None = None
    to: int | None = None
    every: Annotated[int, Meta(ge=1)] | None = None
    times: int | None = None
    """Strike so often at most."""

    def are_now(self, seen: int, *, chosen: list[int] | None) -> bool:
        """Whether the one that was seen last is meant; `chosen` names some by their numbers, None: any."""
        if chosen is not None and seen not in chosen:
            return False
        if self.every is not None and seen % self.every:
            return False
        return (self.from_ or 1) <= seen <= (self.to or seen)

    def are_over(self, struck: int) -> bool:
        return self.times is not None and struck >= self.times


class Order(Protocol):
    @property
    def id(self) -> int: ...


OrderType = TypeVar("OrderType", bound=Order)
SpecType = TypeVar("SpecType")


@dataclass
class Orders(Generic[OrderType, SpecType]):
    make: Callable[[int, SpecType], OrderType]
    all: list[OrderType] = field(default_factory=list)
    last_id: int = 0

    def add(self, spec: SpecType) -> OrderType:
        self.last_id += 1
        order = self.make(self.last_id, spec)
        self.all.append(order)
        return order

    def remove(self, order_id: int | None) -> int:
        """One of them, or all."""
        kept = [] if order_id is None else [order for order in self.all if order.id != order_id]
        removed = len(self.all) - len(kept)
        self.all = kept
        return removed
