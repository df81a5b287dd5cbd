"""Calls per second or minute, counted for each interface in fixed windows."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Window:
    number: int = 0
    calls: int = 0


@dataclass
class Limits:
    windows: dict[tuple[str, int], Window] = field(default_factory=dict)

    def exceeded(self, interface: str, *, limit: int, now: float, seconds: int = 1) -> bool:
        """Count this call in its window of so many seconds; true where it is one too many. A limit of 0 is none."""
        window = self.windows.setdefault((interface, seconds), Window())
        number = int(now) // seconds
        if window.number != number:
            window.number, window.calls = number, 0
        window.calls += 1
        return 0 < limit < window.calls
