"""How much may change before a person is asked: pure, from counts to the budgets that are exceeded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from orgsync.tenants.stanza import Allowance, Budget

WORDS: dict[str, str] = {
    "leavers": "people would leave",
    "removed_departments": "departments would be removed",
    "moves": "people would move to other departments",
    "lost_memberships": "memberships of people who stay would end",
    "quarantined": "people or departments are in quarantine",
    "renames": "people would have another name",
    "changed_identities": "people would have another union id or job number",
    "emptied_values": "people would lose their",
}
TEXTS: Mapping[str, str] = WORDS | {
    "line": "{count:,} of {total:,} ({percent:g} %) {what}{column}{within}; without asking {allowed_count:,} may, or {allowed_percent:g} %",
    "column": " {column}",
    "within": " within {per_days} days, with those of the syncs before",
    "within_a_day": " within 1 day, with those of the syncs before",
}
CHINESE: Mapping[str, str] = {
    "line": "{within}{what}{column}：{count:,} / {total:,}（{percent:g}%）；无需询问的上限为 {allowed_count:,}，或 {allowed_percent:g}%",
    "column": "（{column}）",
    "within": "连同之前的同步，{per_days} 天内",
    "within_a_day": "连同之前的同步，1 天内",
    "leavers": "将离职的人",
    "removed_departments": "将删除的部门",
    "moves": "将调到其他部门的人",
    "lost_memberships": "仍在职的人将结束的任职关系",
    "quarantined": "被隔离的人员和部门",
    "renames": "姓名将改变的人",
    "changed_identities": "union id 或工号将改变的人",
    "emptied_values": "值将变为空的人",
}


@dataclass(frozen=True)
class Amount:
    """How many of how many, by one sync, or with what the last `per_days` brought unasked; `column` is what is emptied."""

    budget: str
    count: int
    total: int
    per_days: int = 0
    column: str = ""

    @property
    def percent(self) -> float:
        return round(100 * self.count / self.total, 1) if self.total else 0.0

    def exceeds(self, allowed: Allowance) -> bool:
        return self.count > allowed.count and 100 * self.count > allowed.percent * self.total


def find_exceeded(amounts: Iterable[Amount], budget: Budget) -> list[dict[str, Any]]:
    """The budgets that are exceeded, each with how many of how many it is about and what is allowed.

    One that the sync alone exceeds is not told again for the days before it.
    """
    exceeded: dict[tuple[str, str], dict[str, Any]] = {}
    for amount in sorted(amounts, key=lambda each: each.per_days > 0):
        allowed: Allowance = getattr(budget, amount.budget)
        if amount.exceeds(allowed):
            exceeded.setdefault((amount.budget, amount.column), _tell(amount, allowed))
    return list(exceeded.values())


def _tell(amount: Amount, allowed: Allowance) -> dict[str, Any]:
    return {
        "budget": amount.budget,
        "count": amount.count,
        "total": amount.total,
        "percent": amount.percent,
        "allowed_count": allowed.count,
        "allowed_percent": allowed.percent,
        **({"per_days": amount.per_days} if amount.per_days else {}),
        **({"column": amount.column} if amount.column else {}),
    }


def describe(exceeded: Mapping[str, Any], texts: Mapping[str, str] = TEXTS) -> str:
    """`152 of 500 (30.4 %) people would leave; without asking 10 may, or 5 %`; or the same in other words."""
    parts = {
        "what": texts[exceeded["budget"]],
        "column": texts["column"] if "column" in exceeded else "",
        "within": texts["within_a_day" if exceeded["per_days"] == 1 else "within"] if "per_days" in exceeded else "",
    }
    return texts["line"].format(**{**exceeded, **{name: part.format(**exceeded) for name, part in parts.items()}})
