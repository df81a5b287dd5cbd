"""A tenant is woken once its events have waited for its window, and less and less often while nothing can be done about them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest

from orgsync.airflow_parts import event_trigger
from orgsync.airflow_parts.event_trigger import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, EventTrigger, Patience


def test_rings_once_the_window_is_over() -> None:
    patience = Patience(window=5)
    assert [patience.should_ring(waits, now=100 + waits) for waits in (0.0, 4.9, 5.0, 7.0)] == [False, False, True, False]


def test_rings_again_after_twice_as_long_each_time_and_then_every_five_minutes() -> None:
    patience = Patience(window=5)
    rung = [second for second in range(2000) if patience.should_ring(5.0 + second, now=float(second))]
    pauses = [later - earlier for earlier, later in pairwise(rung)]
    assert pauses[:5] == [FIRST_PAUSE_SECONDS * factor for factor in (1, 2, 4, 8, 16)]
    assert set(pauses[5:]) == {LONGEST_PAUSE_SECONDS}


def test_rings_at_once_for_what_comes_after_nothing_waited() -> None:
    patience = Patience(window=5)
    assert patience.should_ring(6, now=0)
    assert not patience.should_ring(8, now=2)
    assert not patience.should_ring(None, now=4)
    assert patience.should_ring(5, now=10)
    assert not patience.should_ring(5 + FIRST_PAUSE_SECONDS - 1, now=10 + FIRST_PAUSE_SECONDS - 1)
    assert patience.should_ring(5 + FIRST_PAUSE_SECONDS, now=10 + FIRST_PAUSE_SECONDS)


def take(trigger: EventTrigger, stream: AsyncIterator[dict[str, float]], count: int) -> list[object]:
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
    monkeypatch.setattr(event_trigger, "look", lambda: {"acme": 9.0, "beta": 1.0})
    assert take(EventTrigger("acme", 5), EventTrigger.open_shared_stream({}), 1) == [{"tenant": "acme"}]


@pytest.mark.usefixtures("_soon")
def test_a_warehouse_that_does_not_answer_ends_nothing_and_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    answers = iter([OSError("gone"), OSError("gone"), {"acme": 9.0}])

    def look() -> dict[str, float]:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    monkeypatch.setattr(event_trigger, "look", look)
    with caplog.at_level(logging.WARNING):
        assert take(EventTrigger("acme", 5), EventTrigger.open_shared_stream({}), 1) == [{"tenant": "acme"}]
    assert [record.message for record in caplog.records] == [
        "nobody knows which events wait (OSError); tenants are read at their times until the warehouse answers"
    ]


def test_all_tenants_share_one_question_and_are_told_apart_by_what_they_hold() -> None:
    acme, beta = EventTrigger("acme", 5), EventTrigger("beta", 60)
    assert acme.shared_stream_key() == beta.shared_stream_key()
    assert acme.serialize() == ("orgsync.airflow_parts.event_trigger.EventTrigger", {"tenant_id": "acme", "window": 5})
