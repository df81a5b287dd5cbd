"""Counts that hold for a while: in the last second, minute or hour, or in a day or a month as China's clocks have it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

CHINA = timezone(timedelta(hours=8))
SECOND, MINUTE, HOUR, DAY = 1, 60, 3600, 86_400


def period(now: float, seconds: int) -> int:
    """The number of the period that now lies in."""
    return int(now + 8 * HOUR) // seconds


def month(now: float) -> int:
    at = datetime.fromtimestamp(now, CHINA)
    return at.year * 12 + at.month


@dataclass
class Windows:
    held: dict[str, tuple[int, Any]] = field(default_factory=dict)
    counted: dict[Hashable, deque[tuple[float, int]]] = field(default_factory=dict)

    def at(self, name: str, number: int, make: Callable[[], Any]) -> Any:
        """What is kept under the name for this period; made anew when the period is another than last time."""
        if name not in self.held or self.held[name][0] != number:
            self.held[name] = (number, make())
        return self.held[name][1]

    def used(self, key: Hashable, seconds: int, *, now: float, slides: bool) -> int:
        """How much was counted under the key: in the seconds before now, or since the full minute, hour or second where nothing slides."""
        counted = self.counted.get(key)
        if counted is None:
            return 0
        is_over = (lambda at: at <= now - seconds) if slides else (lambda at: period(at, seconds) < period(now, seconds))
        while counted and is_over(counted[0][0]):
            counted.popleft()
        return sum(amount for _, amount in counted)

    def count(self, key: Hashable, amount: int = 1, *, now: float) -> None:
        self.counted.setdefault(key, deque()).append((now, amount))
