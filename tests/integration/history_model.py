"""History in ten lines: what each snapshot said, and what therefore holds at an instant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

Key = tuple[str, ...]
Content = dict[str, str | None]
UNREAD = "unread"


@dataclass(frozen=True)
class Snapshot:
    """`rows` maps each key that is there to its content, or to None where the row is quarantined; a value that is UNREAD was not read.

    Who is not among the rows of a partial snapshot may be there all the same. One that names whom it `asked` for says nothing of others.
    """

    taken_at: datetime
    rows: Mapping[Key, Content | None]
    unobserved: frozenset[str] = frozenset()
    is_partial: bool = False
    asked: frozenset[str] | None = None

    def speaks_of(self, key: Key) -> bool:
        """A membership is asked for with its person."""
        return self.asked is None or key[0] in self.asked


@dataclass
class Model:
    """Loading is remembering, retracting is forgetting; everything else is derived."""

    loaded: dict[datetime, Snapshot] = field(default_factory=dict)

    def load(self, snapshot: Snapshot) -> None:
        self.loaded[snapshot.taken_at] = snapshot

    def retract(self, taken_at: datetime) -> None:
        del self.loaded[taken_at]

    def at(self, instant: datetime) -> dict[Key, Content]:
        known: dict[Key, Content] = {}
        there: set[Key] = set()
        for taken_at in sorted(moment for moment in self.loaded if moment <= instant):
            snapshot = self.loaded[taken_at]
            untold = {key for key in there & known.keys() if snapshot.is_partial or not snapshot.speaks_of(key)}
            there = set(snapshot.rows) | untold
            for key, content in snapshot.rows.items():
                if content is not None:
                    seen = {column: value for column, value in content.items() if column not in snapshot.unobserved and value != UNREAD}
                    known[key] = {**dict.fromkeys(content), **known.get(key, {}), **seen}
        return {key: known[key] for key in there if key in known}
