"""`org_notify` is woken for what is due, soon, and not again and again; nothing ends the watch."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orgsync.airflow_parts import outbox_trigger
from orgsync.airflow_parts.outbox_trigger import PATIENCE_SECONDS, Bell, OutboxTrigger


def test_rings_when_it_begins_and_when_tenants_changed() -> None:
    bell = Bell()
    assert [bell.should_ring([], inputs, now=0) for inputs in ("a", "a", "b", "b")] == [True, False, True, False]


def test_rings_at_once_for_who_became_due_and_after_a_minute_for_who_still_is() -> None:
    bell = Bell(inputs="a")
    assert bell.should_ring(["acme"], "a", now=0)
    assert not bell.should_ring(["acme"], "a", now=10)
    assert bell.should_ring(["acme", "beta"], "a", now=20)
    assert not bell.should_ring(["acme", "beta"], "a", now=20 + PATIENCE_SECONDS - 1)
    assert bell.should_ring(["beta"], "a", now=20 + PATIENCE_SECONDS)


def test_rings_at_once_for_who_had_nothing_due_meanwhile() -> None:
    bell = Bell(inputs="a")
    assert bell.should_ring(["acme"], "a", now=0)
    assert not bell.should_ring([], "a", now=10)
    assert bell.should_ring(["acme"], "a", now=20)
    assert not bell.should_ring(["acme"], "a", now=30)


@given(st.lists(st.tuples(st.floats(0.1, 100), st.frozensets(st.sampled_from("abc"))), max_size=40))
def test_nobody_is_due_for_longer_than_a_minute_and_one_look_without_a_ring(looks: list[tuple[float, frozenset[str]]]) -> None:
    bell, now, rung = Bell(inputs="-"), 0.0, dict[str, float]()
    for seconds, due in looks:
        now += seconds
        rings = bell.should_ring(due, "-", now=now)
        rung = {tenant_id: now if rings else rung[tenant_id] for tenant_id in due}
        assert all(now - at < PATIENCE_SECONDS for at in rung.values())
        assert not rings or due, "nothing is due, and nothing has changed"


def take(trigger: OutboxTrigger, count: int) -> list[object]:
    async def watch() -> list[object]:
        found: list[object] = []
        async for event in trigger.run():
            found.append(event.payload)
            if len(found) == count:
                break
        return found

    return asyncio.run(asyncio.wait_for(watch(), 60))


def answer_with(*answers: tuple[list[str], str] | Exception) -> Callable[[], tuple[list[str], str]]:
    left = iter(answers)

    def look() -> tuple[list[str], str]:
        found = next(left)
        if isinstance(found, Exception):
            raise found
        return found

    return look


def test_goes_on_where_the_warehouse_does_not_answer_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    away = OSError("to 10.0.0.5")
    monkeypatch.setattr(outbox_trigger, "look", answer_with(([], "a"), away, away, (["acme"], "a"), away, (["beta"], "a")))
    with caplog.at_level(logging.WARNING):
        assert take(OutboxTrigger(poll_seconds=0), 3) == [{"tenants": 0}, {"tenants": 1}, {"tenants": 1}]
    assert [record.getMessage().split(" (")[0] for record in caplog.records] == ["nobody knows what waits in the outbox"] * 2
    assert "10.0.0.5" not in caplog.text


def test_airflow_makes_it_again_from_what_it_stores() -> None:
    path, kwargs = OutboxTrigger(poll_seconds=3).serialize()
    assert path == "orgsync.airflow_parts.outbox_trigger.OutboxTrigger"
    assert OutboxTrigger(**kwargs).poll_seconds == 3
