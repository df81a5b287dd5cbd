"""How much of what comes from outside is listened to. Pure: time comes in."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class Buckets:
    """A bucket for each name, filled at `per_second` up to `burst`; the names longest not seen are forgotten, so memory has a bound."""

    per_second: float
    burst: float
    most_names: int = 4096
    _levels: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def take(self, name: str, *, now: float) -> bool:
        """Whether there was one left. `now` is in seconds of a clock that only goes forward."""
        level, at = self._levels.pop(name, (self.burst, now))
        level = min(self.burst, level + (now - at) * self.per_second)
        is_left = level >= 1
        self._levels[name] = (level - 1 if is_left else level, now)
        if len(self._levels) > self.most_names:
            self._levels.popitem(last=False)
        return is_left

    def __len__(self) -> int:
        return len(self._levels)


@dataclass
class Complaints:
    """What is wrong with tenants, so that each thing is told when it arises, and not each time that it is looked at."""

    _known: Mapping[str, str] = field(default_factory=dict)

    def find_new(self, wrong: Mapping[str, str]) -> list[tuple[str, str]]:
        new = [(tenant_id, reason) for tenant_id, reason in wrong.items() if self._known.get(tenant_id) != reason]
        self._known = dict(wrong)
        return new


@dataclass
class Refusals:
    """What was refused and not yet written down. Names are those of our tenants, or empty: whoever calls cannot make it grow."""

    _counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, tenant_id: str, reason: str) -> None:
        self._counts[tenant_id, reason] += 1

    def take(self) -> list[tuple[str, str, int]]:
        taken = [(tenant_id, reason, count) for (tenant_id, reason), count in self._counts.items()]
        self._counts.clear()
        return taken

    def put_back(self, taken: list[tuple[str, str, int]]) -> None:
        for tenant_id, reason, count in taken:
            self._counts[tenant_id, reason] += count
