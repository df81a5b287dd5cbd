"""When a tenant is woken for what its platform pushed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from orgsync.airflow_parts import event_trigger
from orgsync.airflow_parts.event_trigger import PATIENCE_SECONDS, ListenTrigger, TenantEventsTrigger, Window


def waiting(last: int, waits: float) -> Mapping[str, Any]:
    return {"events": 1, "last_received_at": last, "waits_seconds": waits}


def test_burst_wakes_once_and_after_its_window() -> None:
    window = Window(5)
    seen = [(None, 0), (waiting(1, 1), 1), (waiting(2, 4), 4), (waiting(3, 5), 5), (waiting(3, 7), 7), (waiting(3, 60), 60)]
    assert [window.should_wake(each, now=now) for each, now in seen] == [False, False, False, True, False, False]


def test_what_comes_after_the_waking_wakes_again() -> None:
    """Also while the earlier ones are not done with yet: the run that was woken may have looked before."""
    window = Window(5)
    assert window.should_wake(waiting(1, 5), now=0)
    assert window.should_wake(waiting(2, 6), now=1)
    assert not window.should_wake(None, now=2)
    assert window.should_wake(waiting(2, 6), now=3)


def test_what_was_forgotten_is_told_again() -> None:
    window = Window(5)
    assert window.should_wake(waiting(1, 5), now=0)
    assert not window.should_wake(waiting(1, 100), now=PATIENCE_SECONDS - 1)
    assert window.should_wake(waiting(1, 400), now=PATIENCE_SECONDS)


@pytest.mark.parametrize("trigger", [TenantEventsTrigger("acme", 5.0), ListenTrigger()])
def test_trigger_comes_back_as_it_was_stored(trigger: Any) -> None:
    path, given = trigger.serialize()
    assert path == f"{type(trigger).__module__}.{type(trigger).__name__}"
    assert type(trigger)(**given).serialize() == (path, given)


def test_warehouse_that_does_not_answer_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([ConnectionError(), None, waiting(1, 9)])

    def look(_: str) -> Mapping[str, Any] | None:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(event_trigger, "look", look)

    async def first() -> Any:
        async for event in TenantEventsTrigger("acme", 5.0, poll_seconds=0).run():
            return event.payload
        return None

    assert asyncio.run(asyncio.wait_for(first(), 20)) == {"tenant_id": "acme", "events": 1}


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
