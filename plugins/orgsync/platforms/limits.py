"""Paces the calls of each interface: all threads share one budget, and all hold back when the platform says so."""

from __future__ import annotations

import threading
from collections.abc import Callable

Pause = Callable[[float], None]
Clock = Callable[[], float]

SLOWDOWN = 1.1
SLOWEST = 2.0


class RateLimit:
    """One interface's budget: call slots at even distances, handed out in order; 0 calls per second is no limit.

    Even distances rather than bursts, because platforms count in windows of one second whose start nobody knows.
    """

    def __init__(self, calls_per_second: float, *, clock: Clock, pause: Pause) -> None:
        self._shortest = 1 / calls_per_second if calls_per_second > 0 else 0.0
        self._distance = self._shortest
        self._clock = clock
        self._pause = pause
        self._lock = threading.Lock()
        self._next_slot = 0.0
        self._held_until = 0.0
        self._times_held = 0

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
            slot = max(now, self._next_slot)
            self._next_slot = slot + self._distance
            return slot - now, self._times_held


class RateLimits:
    """A budget for each interface, made when it is first called."""

    def __init__(self, calls_per_second: float, *, clock: Clock, pause: Pause) -> None:
        self._calls_per_second = calls_per_second
        self._clock = clock
        self._pause = pause
        self._lock = threading.Lock()
        self._limits: dict[str, RateLimit] = {}

    def of(self, interface: str) -> RateLimit:
        with self._lock:
            if interface not in self._limits:
                self._limits[interface] = RateLimit(self._calls_per_second, clock=self._clock, pause=self._pause)
            return self._limits[interface]
