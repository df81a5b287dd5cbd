from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from orgsync.platforms.platform import CallCount
from orgsync.platforms.speaking.ledger import Ledger, ledger_of_read, total


def test_threads_lose_no_count() -> None:
    ledger = Ledger()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: ledger.count("a", "read"), range(2000)))
    assert ledger.counts() == {"a": CallCount(read=2000)}
    assert total(ledger.counts(), "read") == 2000


def test_only_this_read_counts() -> None:
    before = {"list": CallCount(read=5, retried=1)}
    after = {"list": CallCount(read=8, retried=1), "token": CallCount(read=1)}
    calls, problems = ledger_of_read(before=before, after=after, planned={"list": CallCount(expected=3)})
    assert calls == {"list": CallCount(expected=3, read=3), "token": CallCount(expected=1, read=1)}
    assert problems == ()


def test_answers_that_were_planned_and_never_came_are_a_problem() -> None:
    _, problems = ledger_of_read(
        before={}, after={"list": CallCount(read=2)}, planned={"list": CallCount(expected=3), "get": CallCount(expected=1)}
    )
    assert problems == ("get: 1 answers expected, 0 read, 0 failed", "list: 3 answers expected, 2 read, 0 failed")
