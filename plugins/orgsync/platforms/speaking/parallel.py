"""Runs tasks that lead to further tasks in a few threads, until none is left or one has failed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import TypeAlias

from orgsync.errors import FatalError
from orgsync.platforms.speaking.transport import StoppedError

Task: TypeAlias = "Callable[[], Iterable[Task]]"
DoneQueue: TypeAlias = "SimpleQueue[Future[Iterable[Task]]]"

TICK_SECONDS = 1.0


def run_tasks(first: Iterable[Task], *, parallel: int, stop: Callable[[], None], tick: Callable[[int], None]) -> None:
    """Each task returns the tasks it leads to.

    After a failure nothing new starts, `stop` wakes those who wait, and no thread outlives this call. `tick` is called
    now and then with the number of tasks still to do.
    """
    done: DoneQueue = SimpleQueue()
    left = 0
    with ThreadPoolExecutor(parallel, thread_name_prefix="read") as pool:

        def submit(tasks: Iterable[Task]) -> None:
            nonlocal left
            for task in tasks:
                left += 1
                pool.submit(task).add_done_callback(done.put)

        submit(first)
        try:
            while left:
                tick(left)
                if future := _next(done):
                    left -= 1
                    submit(future.result())
        except BaseException as error:
            stop()
            pool.shutdown(cancel_futures=True)
            raise _most_telling(error, done) from None


def _next(done: DoneQueue) -> Future[Iterable[Task]] | None:
    try:
        return done.get(timeout=TICK_SECONDS)
    except Empty:
        return None


def _most_telling(first: BaseException, done: DoneQueue) -> BaseException:
    """Several calls fail together: one that a person must act on says more than a timeout that came a moment earlier."""
    others = [error for error in _failures(done) if not isinstance(error, StoppedError)]
    if isinstance(first, FatalError) or not isinstance(first, Exception):
        return first
    return next((error for error in others if isinstance(error, FatalError)), first)


def _failures(done: DoneQueue) -> Iterable[BaseException]:
    while not done.empty():
        future = done.get()
        if not future.cancelled() and (error := future.exception()):
            yield error
