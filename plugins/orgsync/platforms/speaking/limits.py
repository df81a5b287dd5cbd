"""Paces the calls of each interface: all threads share one budget, and all hold back when the platform says so."""

from __future__ import annotations

import threading
from bisect import bisect_left, insort
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Pause = Callable[[float], None]
Clock = Callable[[], float]

MINUTE_SECONDS = 60.0
SLOWDOWN = 1.1
SLOWEST = 2.0
RECOVERY = 0.0005
"""So much of a slowing down each good answer takes back: one throttling is forgotten after some 200 calls."""

MARGIN_SECONDS = 0.005
"""For what no measuring tells: how far the fastest call was from the fastest there could be."""
ALLOWANCE = 0.03
"""Of a window: so much may calls that took longer than the fastest cost on average. Spared by some calls, it is spent on others."""


@dataclass(frozen=True)
class Pace:
    """What an interface may be asked: so many calls in a second, and so many in a minute; 0 is no limit."""

    calls_per_second: float = 0.0
    calls_per_minute: int = 0


UNPACED = Pace()


class Window:
    """So many calls in any so many seconds, wherever the platform lets its windows begin.

    The platform counts a call somewhere on its way; what counts is when each was counted at the latest. What a call took longer than
    the fastest may have been on its way there, and the next may be as fast as the fastest: so each place is free again so many seconds
    after the call was made, and that excess. Where answers vary by nature, honouring all of it would halve the pace: it is honoured
    within an allowance.
    """

    def __init__(self, calls: int, seconds: float) -> None:
        self.seconds = seconds
        self._counted = [float("-inf")] * calls
        """When the calls that fill the window were counted at the latest, in order."""
        self._spare = 0.0

    def free_at(self, *, slowness: float) -> float:
        return self._counted[0] + self.seconds * slowness

    def take(self, sent_at: float) -> None:
        del self._counted[0]
        insort(self._counted, sent_at + MARGIN_SECONDS)

    def note_excess(self, sent_at: float, excess: float) -> None:
        """What is known of a call once its answer is there; its place may be taken by others by then."""
        self._spare = min(self._spare + ALLOWANCE * self.seconds, self.seconds / 2)
        honoured = min(excess, self._spare)
        self._spare -= honoured
        counted_at = sent_at + MARGIN_SECONDS
        place = bisect_left(self._counted, counted_at)
        if honoured > 0 and place < len(self._counted) and self._counted[place] == counted_at:
            del self._counted[place]
            insort(self._counted, counted_at + honoured)


class RateLimit:
    """One interface's budget: call slots handed out in order, at even distances, and no window of the platform's ever overfull.

    Even distances rather than bursts, because a platform may be as strict about parts of a second. They are planned, while windows are
    filled with what was done: a thread that woke late makes its call late. A minute's budget may be spent as fast as the second's allows.
    """

    def __init__(self, pace: Pace, *, clock: Clock, pause: Pause) -> None:
        self._windows = [*_second_of(pace), *_minute_of(pace)]
        self._shortest = 1 / pace.calls_per_second + MARGIN_SECONDS / max(1.0, pace.calls_per_second) if pace.calls_per_second > 0 else 0.0
        self._slowness = 1.0
        self._clock = clock
        self._pause = pause
        self._lock = threading.Lock()
        self._next_slot = 0.0
        self._held_until = 0.0
        self._times_held = 0
        self._fastest = float("inf")

    def acquire(self) -> float:
        """Wait for the next slot; a slot handed out before a hold is void, and another is asked for. The instant goes to `note_answer`."""
        while True:
            wait_seconds, times_held = self._reserve()
            if wait_seconds > 0:
                self._pause(wait_seconds)
            if times_held == self._times_held and (sent_at := self._take_place(times_held)) is not None:
                return sent_at

    def note_answer(self, sent_at: float, *, is_good: bool) -> None:
        """The answer to a call is there, or its failure, which says nothing about how fast an answer can be."""
        with self._lock:
            took = self._clock() - sent_at
            if is_good:
                self._fastest = min(self._fastest, took)
                self._slowness = max(1.0, self._slowness - RECOVERY)
            for window in self._windows:
                window.note_excess(sent_at, max(0.0, took - self._fastest))

    def hold_back(self, seconds: float) -> None:
        """Nobody calls for so long; afterwards a little slower than before, down to half the budget.

        Answers to calls already under way may tell us so many times over: that is still one throttling.
        """
        with self._lock:
            now = self._clock()
            if now >= self._held_until:
                self._slowness = min(self._slowness * SLOWDOWN, SLOWEST)
            self._held_until = max(self._held_until, now + seconds)
            self._next_slot = max(now, self._held_until)
            self._times_held += 1

    def _reserve(self) -> tuple[float, int]:
        with self._lock:
            now = self._clock()
            slot = max(now, self._next_slot)
            self._next_slot = slot + self._shortest * self._slowness
            return slot - now, self._times_held

    def _take_place(self, times_held: int) -> float | None:
        """Wait until no window is full, and fill a place of each; None after a hold."""
        while times_held == self._times_held:
            with self._lock:
                now = self._clock()
                wait_seconds = max((window.free_at(slowness=self._slowness) for window in self._windows), default=now) - now
                if wait_seconds <= 0:
                    for window in self._windows:
                        window.take(now)
                    return now
            self._pause(wait_seconds)
        return None


def _second_of(pace: Pace) -> list[Window]:
    """A pace of less than a call a second is one call in longer than that; of two and a half, two in each second."""
    if pace.calls_per_second <= 0:
        return []
    calls = max(1, int(pace.calls_per_second))
    return [Window(calls, 1.0 if pace.calls_per_second >= 1 else 1 / pace.calls_per_second)]


def _minute_of(pace: Pace) -> list[Window]:
    return [Window(pace.calls_per_minute, MINUTE_SECONDS)] if pace.calls_per_minute > 0 else []


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
