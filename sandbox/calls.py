"""What was called: counts by interface, refusals by code, the busiest second and the last calls."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from sandbox.exchange import Request
from sandbox.limits import Limits

REMEMBERED = 2000
SECRET_PARAMETERS = frozenset((
    "access_token", "appsecret", "appSecret", "client_secret", "clientSecret", "corpsecret", "app_secret", "encoding_aeskey",
    "code", "code_verifier", "refresh_token", "refreshToken",
))  # fmt: skip


@dataclass
class Calls:
    total: int = 0
    by_interface: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    peak: int = 0
    peak_by_interface: dict[str, int] = field(default_factory=dict)
    recent: deque[tuple[float, Request, str | None]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    _seconds: Limits = field(default_factory=Limits)

    def arrive(self, request: Request, *, now: float) -> None:
        """Count at the door, before anything can go wrong with the call."""
        self.total += 1
        self.by_interface[request.interface] += 1
        self._seconds.exceeded("", limit=0, now=now)
        self._seconds.exceeded(request.interface, limit=0, now=now)
        self.peak = max(self.peak, self._seconds.windows["", 1].calls)
        busiest = max(self.peak_by_interface.get(request.interface, 0), self._seconds.windows[request.interface, 1].calls)
        self.peak_by_interface[request.interface] = busiest

    def finish(self, request: Request, refusal: str | None, *, now: float) -> None:
        if refusal is not None:
            self.refusals[refusal] += 1
        self.recent.append((now, request, refusal))

    def summary(self) -> dict[str, Any]:
        return {
            "total": self.total,
            "by_interface": dict(self.by_interface),
            "refusals": dict(self.refusals),
            "peak_calls_per_second": self.peak,
            "peak_by_interface": self.peak_by_interface,
        }

    def last(self, count: int) -> list[dict[str, Any]]:
        """The newest last; no secrets and no tokens."""
        return [
            {
                "at": at,
                "interface": request.interface,
                "method": request.method,
                "parameters": _public(request.parameters),
                "refusal": refusal,
            }
            for at, request, refusal in list(self.recent)[-count:]
        ]


def _public(parameters: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if name not in SECRET_PARAMETERS}
