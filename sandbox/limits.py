"""Calls per second, counted for each interface in fixed windows of one second."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Window:
    second: int = 0
    calls: int = 0


@dataclass
class Limits:
    windows: dict[str, Window] = field(default_factory=dict)

    def exceeded(self, interface: str, *, limit: int, now: float) -> bool:
        """Count this call; true where it is one too many. A limit of 0 is none."""
        window = self.windows.setdefault(interface, Window())
        if window.second != int(now):
            window.second, window.calls = int(now), 0
        window.calls += 1
        return 0 < limit < window.calls
