"""Paces the calls of each interface: all threads share one budget, and all hold back when the platform says so."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Pause = Callable[[float], None]
Clock = Callable[[], float]

MINUTE_SECONDS = 60.0
SLOWDOWN = 1.1
SLOWEST = 2.0


@dataclass(frozen=True)
class Pace:
    """What an interface may be asked: so many calls in a second, and so many in a minute; 0 is no limit."""

    calls_per_second: float = 0.0
    calls_per_minute: int = 0


UNPACED = Pace()


class RateLimit:
    """One interface's budget: call slots handed out in order, at even distances within a second.

    Even distances rather than bursts, because platforms count in windows of one second whose start nobody knows. A minute's budget may
    be spent as fast as the second's allows; then the next slot is a minute after the one that falls out of the window.
    """

    def __init__(self, pace: Pace, *, clock: Clock, pause: Pause) -> None:
        self._shortest = 1 / pace.calls_per_second if pace.calls_per_second > 0 else 0.0
        self._distance = self._shortest
        self._clock = clock
        self._pause = pause
        self._lock = threading.Lock()
        self._next_slot = 0.0
        self._held_until = 0.0
        self._times_held = 0
        self._last_minute: deque[float] | None = deque(maxlen=pace.calls_per_minute) if pace.calls_per_minute > 0 else None

    def acquire(self) -> None:
        """Wait for the next slot; a slot handed out before a hold is void, and another is asked for."""
        while True:
            wait_seconds, times_held = self._reserve()
            if wait_seconds > 0:
                self._pause(wait_seconds)
            if times_held == self._times_held:
                return

    def hold_back(self, seconds: float) -> None:
        """Nobody calls for so long; afterwards a little slower than before, down to half the budget.

        Answers to calls already under way may tell us so many times over: that is still one throttling.
        """
        with self._lock:
            now = self._clock()
            if now >= self._held_until:
                self._distance = min(self._distance * SLOWDOWN, self._shortest * SLOWEST)
            self._held_until = max(self._held_until, now + seconds)
            self._next_slot = max(now, self._held_until)
            self._times_held += 1

    def _reserve(self) -> tuple[float, int]:
        with self._lock:
            now = self._clock()
            slot = max(now, self._next_slot, self._minute_is_over_at())
            self._next_slot = slot + self._distance
            if self._last_minute is not None:
                self._last_minute.append(slot)
            return slot - now, self._times_held

    def _minute_is_over_at(self) -> float:
        window = self._last_minute
        return window[0] + MINUTE_SECONDS if window is not None and len(window) == window.maxlen else 0.0


class RateLimits:
    """A budget for each interface, made when it is first called; `paces` are those of interfaces with one of their own."""

    def __init__(self, pace: Pace, paces: Mapping[str, Pace] | None = None, *, clock: Clock, pause: Pause) -> None:
        self._pace = pace
        self._paces = paces or {}
        self._clock = clock
        self._pause = pause
        self._lock = threading.Lock()
        self._limits: dict[str, RateLimit] = {}

    def of(self, interface: str) -> RateLimit:
        with self._lock:
            if interface not in self._limits:
                self._limits[interface] = RateLimit(self._paces.get(interface, self._pace), clock=self._clock, pause=self._pause)
            return self._limits[interface]
