"""Makes calls side by side: no more at once than there are threads, so that none is claimed that has to wait for one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Generic, TypeVar

from orgsync.outbox.store import Call

Made = TypeVar("Made")


class Hands(Generic[Made]):
    """`make` makes one call, in a thread."""

    def __init__(self, parallel: int, make: Callable[[Call], Made]) -> None:
        self._parallel = parallel
        self._make = make
        self._threads = ThreadPoolExecutor(parallel, thread_name_prefix="deliver")
        self._under_way: dict[Future[Made], Call] = {}

    def __enter__(self) -> Hands[Made]:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        # After an error nobody is left to write down what would come of them.
        self._threads.shutdown(wait=error is None, cancel_futures=True)

    @property
    def free(self) -> int:
        return self._parallel - len(self._under_way)

    @property
    def are_busy(self) -> bool:
        return bool(self._under_way)

    def begin(self, calls: Iterable[Call]) -> None:
        for call in calls:
            self._under_way[self._threads.submit(self._make, call)] = call

    def finished(self, *, within: float | None = None) -> Iterator[tuple[Call, Future[Made]]]:
        """What has ended by now; if nothing has, the first that does so in time (within: seconds; None: however long it takes)."""
        done, _ = wait(self._under_way, timeout=within, return_when=FIRST_COMPLETED)
        for future in done:
            yield self._under_way.pop(future), future
