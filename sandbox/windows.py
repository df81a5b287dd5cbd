"""Counts that hold for a while: within a second, a minute, an hour, a day or a month as China's clocks have it."""

from __future__ import annotations

from collections.abc import Callable
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

    def at(self, name: str, number: int, make: Callable[[], Any]) -> Any:
        """What is kept under the name for this period; made anew when the period is another than last time."""
        if name not in self.held or self.held[name][0] != number:
            self.held[name] = (number, make())
        return self.held[name][1]
