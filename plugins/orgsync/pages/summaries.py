"""A plan's changes in counts: pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# Who goes comes first: that is what one looks for before a plan is approved.
ORDER: Mapping[str, tuple[str, ...]] = {
    "user": ("left", "joined", "returned", "moved", "renamed", "updated"),
    "department": ("removed", "created", "returned", "moved", "renamed", "updated"),
}
NEW = frozenset({"joined", "created"})
"""Kinds of whom nothing is known before the plan is applied."""
WITH_VALUES = frozenset({"moved", "renamed", "updated"})
"""Kinds whose lines say from what to what."""
WITH_COLUMNS = frozenset({"updated"})
"""Kinds whose lines also have to say of what."""


@dataclass(frozen=True)
class Group:
    """How many people or departments a plan changes in one way."""

    entity: str
    kind: str
    count: int

    @property
    def name(self) -> str:
        return f"{self.entity}.{self.kind}"


def list_groups(summary: Mapping[str, Mapping[str, int]]) -> list[Group]:
    """Those in which there is something; a kind that is not known here comes last rather than not at all."""
    return [
        Group(entity, kind, counts[kind])
        for entity, kinds in ORDER.items()
        for counts in (summary.get(entity, {}),)
        for kind in (*kinds, *sorted(set(counts) - set(kinds)))
        if counts.get(kind)
    ]
