"""A tenant is woken once its events have waited for its window, and less and less often while nothing can be done about them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from itertools import pairwise
from typing import Any

import pytest

from orgsync.airflow_parts import event_trigger
from orgsync.airflow_parts.event_trigger import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, EventTrigger, ListenTrigger, Patience


def waiting(waits: float, newest: int = 1) -> dict[str, Any]:
    return {"events": 1, "waits_seconds": waits, "newest_at": newest}


def test_rings_once_the_window_is_over() -> None:
    patience = Patience(window=5)
    assert [patience.should_ring(waiting(waits), now=100 + waits) for waits in (0.0, 4.9, 5.0, 7.0)] == [False, False, True, False]


def test_rings_again_after_twice_as_long_each_time_and_then_every_five_minutes() -> None:
    patience = Patience(window=5)
    rung = [second for second in range(2000) if patience.should_ring(waiting(5.0 + second), now=float(second))]
    pauses = [later - earlier for earlier, later in pairwise(rung)]
    assert pauses[:5] == [FIRST_PAUSE_SECONDS * factor for factor in (1, 2, 4, 8, 16)]
    assert set(pauses[5:]) == {LONGEST_PAUSE_SECONDS}


def test_rings_at_once_for_what_comes_after_nothing_waited() -> None:
    patience = Patience(window=5)
    assert patience.should_ring(waiting(6), now=0)
    assert not patience.should_ring(waiting(8), now=2)
    assert not patience.should_ring(None, now=4)
    assert patience.should_ring(waiting(5), now=10)
    assert not patience.should_ring(waiting(5 + FIRST_PAUSE_SECONDS - 1), now=10 + FIRST_PAUSE_SECONDS - 1)
    assert patience.should_ring(waiting(5 + FIRST_PAUSE_SECONDS), now=10 + FIRST_PAUSE_SECONDS)


def test_rings_for_what_came_meanwhile_a_window_later() -> None:
    """Also while the earlier ones are not done with yet: the run that was woken may have looked before."""
    patience = Patience(window=5)
    assert patience.should_ring(waiting(5, newest=1), now=0)
    assert [patience.should_ring(waiting(5 + now, newest=2), now=now) for now in (1, 4.9, 5, 7)] == [False, False, True, False]


def take(trigger: EventTrigger, stream: AsyncIterator[Mapping[str, Any]], count: int) -> list[object]:
    async def watch() -> list[object]:
        found: list[object] = []
        async for event in trigger.filter_shared_stream(stream):
            found.append(event.payload)
            if len(found) == count:
                break
        return found

    return asyncio.run(asyncio.wait_for(watch(), 60))


@pytest.fixture
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_trigger, "POLL_SECONDS", 0.0)


@pytest.mark.usefixtures("_soon")
def test_each_tenant_is_woken_for_its_own_events(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_trigger, "look", lambda: {"acme": waiting(9), "beta": waiting(1)})
    assert take(EventTrigger("acme", 5), EventTrigger.open_shared_stream({}), 1) == [{"tenant": "acme", "events": 1}]


@pytest.mark.usefixtures("_soon")
def test_a_warehouse_that_does_not_answer_ends_nothing_and_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    answers = iter([OSError("gone"), OSError("gone"), {"acme": waiting(9)}])

    def look() -> dict[str, Any]:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    monkeypatch.setattr(event_trigger, "look", look)
    with caplog.at_level(logging.WARNING):
        assert take(EventTrigger("acme", 5), EventTrigger.open_shared_stream({}), 1) == [{"tenant": "acme", "events": 1}]
    assert [record.message for record in caplog.records] == [
        "nobody knows which events wait (OSError); tenants are read at their times until the warehouse answers"
    ]


def test_all_tenants_share_one_question_and_are_told_apart_by_what_they_hold() -> None:
    acme, beta = EventTrigger("acme", 5), EventTrigger("beta", 60)
    assert acme.shared_stream_key() == beta.shared_stream_key()
    assert acme.serialize() == ("orgsync.airflow_parts.event_trigger.EventTrigger", {"tenant_id": "acme", "window": 5})


@pytest.mark.parametrize("trigger", [EventTrigger("acme", 5), ListenTrigger()])
def test_trigger_comes_back_as_it_was_stored(trigger: Any) -> None:
    path, given = trigger.serialize()
    assert path == f"{type(trigger).__module__}.{type(trigger).__name__}"
    assert type(trigger)(**given).serialize() == (path, given)


def test_who_listens_is_told_to_end_with_the_trigger(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    def listen(ends: Any) -> None:
        seen.append(ends.wait(20))

    monkeypatch.setattr(event_trigger, "listen", listen)

    async def run() -> None:
        async def hold() -> None:
            async for _ in ListenTrigger().run():
                raise AssertionError("it fired")

        task = asyncio.create_task(hold())
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())
    assert seen == [True]
