"""Looks at the calls that one thread makes: whether each may still be made, and how many were."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class Watch:
    """`may_call` is asked just before each call. `made` counts those that the platform counts, as far as it answered at all."""

    may_call: Callable[[], bool]
    made: int = 0


_WATCHING: ContextVar[Watch | None] = ContextVar("watching", default=None)


@contextmanager
def watch_calls(may_call: Callable[[], bool]) -> Iterator[Watch]:
    """Until the block ends, in this thread alone. Calls for a token are neither asked about nor counted: others wait for them too."""
    watch = Watch(may_call)
    earlier = _WATCHING.set(watch)
    try:
        yield watch
    finally:
        _WATCHING.reset(earlier)


def watching() -> Watch | None:
    return _WATCHING.get()
