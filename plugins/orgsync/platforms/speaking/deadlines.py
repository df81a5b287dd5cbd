"""Ends calls at their deadline, whatever they wait for: timeouts of sockets start anew with every byte, and with every line of a header.

One thread for all calls of the process. It shuts a call's socket down, which wakes whoever reads from or writes to it.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass


@dataclass(eq=False)
class Deadline:
    """Of one call. `is_over` tells that it has passed: what the call has read by then may be cut."""

    at: float
    socket: socket.socket | None = None
    is_over: bool = False

    def shut(self) -> None:
        if self.socket:
            with suppress(OSError):  # it is closed already
                # Not the method of a TLS socket, which must not be called while another thread reads.
                socket.socket.shutdown(self.socket, socket.SHUT_RDWR)


class _Watchdog:
    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running: list[Deadline] = []
        self._thread: threading.Thread | None = None

    def start(self, deadline: Deadline) -> None:
        with self._changed:
            self._running.append(deadline)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="deadlines", daemon=True)
                self._thread.start()
            self._changed.notify()

    def end(self, deadline: Deadline) -> None:
        """From here on its socket is left alone."""
        with self._changed:
            deadline.socket = None
            if deadline in self._running:
                self._running.remove(deadline)

    def hold(self, deadline: Deadline, held: socket.socket) -> None:
        """A kept connection goes from call to call: the one before must not end this one."""
        with self._changed:
            for other in self._running:
                if other.socket is held:
                    other.socket = None
            deadline.socket = held
            if deadline.is_over:
                deadline.shut()

    def _watch(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for deadline in [each for each in self._running if each.at <= now]:
                    self._running.remove(deadline)
                    deadline.is_over = True
                    deadline.shut()
                self._changed.wait(min((each.at for each in self._running), default=now + _IDLE_SECONDS) - now)


_IDLE_SECONDS = 3600.0
_watchdog = _Watchdog()
_calls = threading.local()


def _start_anew() -> None:
    """A fork has no thread but one, and a lock that another held stays held in it."""
    global _watchdog
    _watchdog = _Watchdog()
    _calls.__dict__.clear()


os.register_at_fork(after_in_child=_start_anew)


@contextmanager
def deadline_in(seconds: float) -> Iterator[Deadline]:
    """All that this thread does over sockets given to `hold` within the block ends after so many seconds."""
    deadline = Deadline(time.monotonic() + seconds)
    _watchdog.start(deadline)
    _calls.deadline = deadline
    try:
        yield deadline
    finally:
        _calls.deadline = None
        _watchdog.end(deadline)


def hold(held: socket.socket) -> bool:
    """Let the deadline of this thread's call end what is done over this socket; whether there is time left."""
    deadline: Deadline | None = getattr(_calls, "deadline", None)
    if deadline is None:
        return True
    _watchdog.hold(deadline, held)
    return not deadline.is_over
