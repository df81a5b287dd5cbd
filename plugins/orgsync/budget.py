"""How much one sync may change before a person is asked: pure, from counts to the budgets that are exceeded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Allowance:
    """Exceeded only by more than `count` and by more than `percent`: small organizations are not nagged, large ones not overrun."""

    count: int
    percent: float


@dataclass(frozen=True)
class Budget:
    """What a tenant allows without asking. `missing_people` is how many of the platform's own head count may be hidden from the app."""

    missing_people: int = 0
    leavers: Allowance = Allowance(10, 5)
    removed_departments: Allowance = Allowance(5, 10)
    moves: Allowance = Allowance(50, 20)
    lost_memberships: Allowance = Allowance(50, 20)
    quarantined: Allowance = Allowance(20, 5)


WORDS: Mapping[str, str] = {
    "leavers": "people would leave",
    "removed_departments": "departments would be removed",
    "moves": "people would move to other departments",
    "lost_memberships": "memberships of people who stay would end",
    "quarantined": "people or departments are in quarantine",
}


@dataclass(frozen=True)
class Amount:
    """How many of how many."""

    count: int
    total: int

    @property
    def percent(self) -> float:
        return round(100 * self.count / self.total, 1) if self.total else 0.0

    def exceeds(self, allowed: Allowance) -> bool:
        return self.count > allowed.count and 100 * self.count > allowed.percent * self.total


def find_exceeded(amounts: Mapping[str, Amount], budget: Budget) -> list[dict[str, Any]]:
    """The budgets that are exceeded, each with how many of how many it is about and what is allowed."""
    allowed: Mapping[str, Allowance] = {name: getattr(budget, name) for name in WORDS}
    return [
        {
            "budget": name,
            "count": amount.count,
            "total": amount.total,
            "percent": amount.percent,
            "allowed_count": allowed[name].count,
            "allowed_percent": allowed[name].percent,
        }
        for name, amount in amounts.items()
        if amount.exceeds(allowed[name])
    ]


def describe(exceeded: Mapping[str, Any]) -> str:
    """`152 of 500 (30.4 %) people would leave; without asking 10 may, or 5 %`."""
    allowed = f"without asking {exceeded['allowed_count']:,} may, or {exceeded['allowed_percent']:g} %"
    return f"{exceeded['count']:,} of {exceeded['total']:,} ({exceeded['percent']:g} %) {WORDS[exceeded['budget']]}; {allowed}"
