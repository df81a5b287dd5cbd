"""Counts the calls of each interface, from many threads."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Literal

from orgsync.platforms.platform import CallCount

Event = Literal["expected", "read", "failed", "retried", "throttled"]


class Ledger:
    """`expected` is counted by whoever plans calls, the rest by the transport: that they agree is a proof, not a habit."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def count(self, interface: str, event: Event) -> None:
        with self._lock:
            self._counts[interface][event] += 1

    def counts(self) -> dict[str, CallCount]:
        with self._lock:
            return {interface: CallCount(**events) for interface, events in sorted(self._counts.items())}


def ledger_of_read(
    *, before: Mapping[str, CallCount], after: Mapping[str, CallCount], planned: Mapping[str, CallCount]
) -> tuple[dict[str, CallCount], tuple[str, ...]]:
    """The calls of one read, and why they do not prove it complete. Calls nobody plans (the token) expect what they got."""
    calls = {interface: _difference(after.get(interface), before.get(interface)) for interface in sorted(after.keys() | planned.keys())}
    calls = {
        interface: replace(count, expected=planned[interface].expected if interface in planned else count.read)
        for interface, count in calls.items()
    }
    return calls, tuple(text for interface, count in calls.items() if (text := _problem(interface, count)))


def total(counts: Mapping[str, CallCount], event: Event) -> int:
    return sum(getattr(count, event) for count in counts.values())


def _difference(after: CallCount | None, before: CallCount | None) -> CallCount:
    later, earlier = after or CallCount(), before or CallCount()
    return CallCount(**{column.name: getattr(later, column.name) - getattr(earlier, column.name) for column in fields(CallCount)})


def _problem(interface: str, count: CallCount) -> str:
    if count.failed or count.read != count.expected:
        return f"{interface}: {count.expected} answers expected, {count.read} read, {count.failed} failed"
    return ""
