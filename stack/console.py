"""Progress on the terminal: what is done, and how long it took."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Console:
    """One line per finished step; steps may run side by side."""

    def __init__(self) -> None:
        self.started_at = self.said_at = time.monotonic()
        self._lock = threading.Lock()

    def say(self, text: str = "") -> None:
        with self._lock:
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()
            self.said_at = time.monotonic()

    def note(self, text: str) -> None:
        """A line with the seconds since the start."""
        self.say(f"{time.monotonic() - self.started_at:6.1f} s  {text}")

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        self.note(f"{what} ({time.monotonic() - begun:.1f} s)")
