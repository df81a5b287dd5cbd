"""Who has a call: a worker for as long as it lives, by the warehouse's clock, however slow the platform and whatever its own clock says."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orgsync.outbox import holding, sending
from orgsync.outbox.delivery import Tally, Worker
from orgsync.outbox.holding import find_lease
from orgsync.outbox.sending import open_messenger
from orgsync.platforms.speaking.transport import Transport
from tests.integration.office import Office, open_office
from tests.integration.test_delivery import Disturbed, outcomes, push
from tests.integration.world import World, world_on

SENDS = {"dingtalk": "topapi/message/corpconversation/asyncsend_v2", "wecom": "message/send", "feishu": "im/v1/messages"}


@pytest.fixture
def slow_office(world: World) -> Office:
    """At the real time: what a second is, is not played."""
    office = open_office(world)
    office.clock.move(seconds=-office.clock.ahead.total_seconds())
    world.control("DELETE", "calls")
    return office


def work(office: Office, **worker: Any) -> Tally:
    """By the warehouse's clock."""
    return sending.push(office.world.settings, office.tenant, run_for=timedelta(seconds=30), worker=Worker(may_wait=False, **worker))


def sends(office: Office) -> int:
    counted: dict[str, int] = office.world.control("GET", "calls")["by_interface"]
    return counted.get(SENDS[office.world.platform], 0)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def begin_slow_calls(office: Office, *, calls: int, latency_ms: int) -> list[int]:
    messages = [office.enqueue(body=f"第 {number} 条", audience={"users": office.people()[number : number + 1]}) for number in range(calls)]
    office.world.control("PUT", "settings", {"latency_ms": latency_ms})
    return messages


def test_calls_that_wait_for_a_thread_are_not_claimed(slow_office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them together take longer than a lease; another worker looks for lost ones all the time."""
    office = slow_office
    monkeypatch.setattr(holding, "BEAT_SECONDS", 0.2)
    messages = begin_slow_calls(office, calls=10, latency_ms=250)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(work, office, parallel=1, lease=timedelta(seconds=1.5))
        wait_until(lambda: sends(office) > 0)
        while not first.done():
            work(office, parallel=1, lease=timedelta(seconds=1.5))
        first.result()
    assert sends(office) == len(messages)
    assert set(outcomes(office)) == {"send sent"}
    [(most,)] = office.world.query("select max(finished_at - started_at) from notify.attempt")
    assert most < timedelta(seconds=2)


def test_call_longer_than_a_lease_stays_with_the_worker_that_lives(slow_office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office = slow_office
    monkeypatch.setattr(holding, "BEAT_SECONDS", 0.1)
    begin_slow_calls(office, calls=1, latency_ms=2000)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(work, office, lease=timedelta(seconds=1))
        wait_until(lambda: sends(office) > 0)
        while not first.done():
            work(office)
    assert (sends(office), outcomes(office)) == (1, ["send sent"])


def test_clock_of_a_worker_decides_nothing(slow_office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office = slow_office
    messages = begin_slow_calls(office, calls=8, latency_ms=1000)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(work, office)
        wait_until(lambda: sends(office) == len(messages))
        for by in (timedelta(hours=1), timedelta(hours=-1)):
            skew_clocks(monkeypatch, by)
            work(office, parallel=1)
        first.result()
    assert sends(office) == len(messages)
    assert {office.state(message) for message in messages} == {"sent"}
    late = office.world.query("select count(*) from notify.attempt where abs(extract(epoch from now() - finished_at)) > 600")
    assert late == [(0,)]


def skew_clocks(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    """As if this machine's clock were off."""

    class Skewed(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + by

    for name, module in list(sys.modules.items()):
        if name.startswith("orgsync") and isinstance(getattr(module, "datetime", None), type):
            monkeypatch.setattr(module, "datetime", Skewed)
    assert abs(sys.modules["orgsync.outbox.announcing"].datetime.now(UTC) - datetime.now(UTC)) > timedelta(minutes=50)


@pytest.mark.parametrize("platform", list(SENDS))
def test_worker_that_was_held_up_too_long_does_not_call(world: World, monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    """Between one try and the next its call was taken for lost, and made by another."""
    office = open_office(world_on(world, monkeypatch, platform))
    message = office.enqueue(body="只有一次", audience={"users": office.people()[:1]})
    messenger = Disturbed(open_messenger(office.tenant))
    office.world.control("DELETE", "calls")
    office.world.control("POST", "faults", {"interface": SENDS[platform], "method": "POST", "kind": "busy", "calls": [1]})
    transport: Transport = messenger.messenger.transport  # type: ignore[attr-defined]

    def stay_away(_: float) -> None:
        office.clock.move(minutes=10)
        office.push()

    transport.sleep = stay_away
    push(office, messenger)
    assert office.state(message) == "sent"
    assert sends(office) == 2
    assert outcomes(office) == ["send again", "send sent"]
    assert office.world.query("select reason like '%%another worker''s to make%%' from notify.attempt order by attempt_id limit 1") == [
        (True,)
    ]
    assert office.world.control("GET", "inbox/summary")["duplicates"] == 0


def test_lease_that_is_over_is_over_also_if_nobody_took_the_call(dingtalk_office: Office) -> None:
    office = dingtalk_office
    message = office.enqueue(body="谁也没拿走", audience={"users": office.people()[:1]})
    messenger = Disturbed(open_messenger(office.tenant))
    office.world.control("DELETE", "calls")
    office.world.control("POST", "faults", {"interface": SENDS["dingtalk"], "kind": "busy", "calls": [1]})
    messenger.messenger.transport.sleep = lambda seconds: office.clock.move(minutes=10)  # type: ignore[attr-defined]
    push(office, messenger)
    assert (sends(office), outcomes(office), office.state(message)) == (1, ["send again"], "claimed")
    office.follow(minutes=1)
    assert (sends(office), office.state(message)) == (2, "sent")


def test_without_a_session_that_keeps_its_calls_a_worker_makes_none(dingtalk_office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from orgsync.errors import WarehouseUnavailableError

    office = dingtalk_office
    message = office.enqueue(body="没有会话", audience={"users": office.people()[:1]})
    office.world.control("DELETE", "calls")
    renew = holding.store.renew_leases

    def lose_session(connection: Any, calls: Any, *, now: datetime) -> set[int]:
        office.world.query("select pg_terminate_backend(%s)", connection.get_backend_pid())
        return renew(connection, calls, now=now)

    with monkeypatch.context() as patch:
        patch.setattr(holding.store, "renew_leases", lose_session)
        with pytest.raises(WarehouseUnavailableError):
            office.push()
    assert sends(office) == 0
    office.follow(minutes=2)
    assert office.state(message) == "sent"


def test_lease_is_longer_than_a_call_and_a_dead_workers_comes_back_soon(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for platform in SENDS:
        messenger = open_messenger(world_on(world, monkeypatch, platform).make_run().tenant)
        assert 30 < messenger.longest_call_seconds < find_lease(messenger).total_seconds() < 120
