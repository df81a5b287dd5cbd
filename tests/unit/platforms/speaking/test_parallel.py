from __future__ import annotations

import threading
from collections.abc import Iterable

import pytest

from orgsync.errors import CredentialError, Refusal, UnreachableError
from orgsync.platforms.speaking.parallel import Task, run_tasks

REFUSAL = Refusal("p", "i", "x")


def run(*first: Task, parallel: int = 4) -> threading.Event:
    stopped = threading.Event()
    run_tasks(first, parallel=parallel, stop=stopped.set, tick=lambda left: None)
    return stopped


def test_tasks_lead_to_tasks() -> None:
    done: list[int] = []

    def visit(number: int) -> Iterable[Task]:
        done.append(number)
        return [lambda child=child: visit(child) for child in (2 * number, 2 * number + 1) if child < 500]

    run(lambda: visit(1))
    assert sorted(done) == list(range(1, 500))


def test_first_failure_stops_everything_and_no_thread_survives() -> None:
    started: list[int] = []
    before = threading.active_count()

    def fail() -> Iterable[Task]:
        raise CredentialError(REFUSAL)

    def work(number: int) -> Iterable[Task]:
        started.append(number)
        return [lambda: work(number + 1)]

    with pytest.raises(CredentialError):
        run(lambda: work(0), fail, parallel=2)
    assert threading.active_count() == before
    count = len(started)
    assert len(started) == count


def test_error_that_needs_a_person_is_told_rather_than_a_timeout() -> None:
    barrier = threading.Barrier(2)

    def time_out() -> Iterable[Task]:
        barrier.wait(5)
        raise UnreachableError(REFUSAL)

    def refuse() -> Iterable[Task]:
        barrier.wait(5)
        raise CredentialError(REFUSAL)

    with pytest.raises(CredentialError):
        run(time_out, refuse, parallel=2)


def test_those_who_wait_are_woken() -> None:
    stopped = threading.Event()

    def fail() -> Iterable[Task]:
        raise UnreachableError(REFUSAL)

    def wait() -> Iterable[Task]:
        assert stopped.wait(5)
        return []

    with pytest.raises(UnreachableError):
        run_tasks([wait, fail], parallel=2, stop=stopped.set, tick=lambda left: None)
