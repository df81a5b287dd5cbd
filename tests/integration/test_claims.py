"""A tenant has one reader, and one replay, at a time: whatever becomes of connections, of processes, and of the time they stand still."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest

from orgsync.errors import BusyTenantError, WarehouseUnavailableError
from orgsync.landing import zone as landing
from orgsync.sync.extracting import extract_snapshot
from orgsync.sync.replaying import replay
from orgsync.sync.validating import validate_snapshot
from orgsync.validation import quarantine
from orgsync.warehouse.claims import Claim, hold_claim
from orgsync.warehouse.connection import Address, open_warehouse
from orgsync.warehouse.hook import find_warehouse
from tests.integration.forks import wait_until
from tests.integration.proxy import Proxy, open_proxy
from tests.integration.world import World, another_reader, set_warehouse

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SECONDS = 1.0


@pytest.fixture
def address(world: World) -> Address:
    return find_warehouse(world.settings)


@pytest.fixture
def proxy(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """Between the runs of a test and the warehouse."""
    with open_proxy(world.dsn) as proxy:
        set_warehouse(monkeypatch, proxy.dsn(world.dsn))
        yield proxy


def before(monkeypatch: pytest.MonkeyPatch, place: Any, name: str, act: Callable[[], object]) -> None:
    """Something that happens once, at this point of the work."""
    call, left = getattr(place, name), [act]

    def acting(*given: Any, **named: Any) -> Any:
        while left:
            left.pop()()
        return call(*given, **named)

    monkeypatch.setattr(place, name, acting)


def end_sessions(world: World) -> None:
    world.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'orgsync' and datname = current_database()"
    )


def claims_of(world: World, purpose: str = "read") -> list[tuple[Any, ...]]:
    return world.query("select generation, claimed_by, held_until is null from ops.claim where purpose = %s", purpose)


def take_over(world: World, purpose: str) -> None:
    """As whoever finds that a claim ran out."""
    world.query("update ops.claim set generation = generation + 1, claimed_by = 'another' where purpose = %s", purpose)


# --- connections that are cut while the platform is read


def test_read_outlives_the_end_of_every_session(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    before(monkeypatch, landing.SnapshotWriter, "record", lambda: end_sessions(world))
    assert world.sync()["outcome"] == "succeeded"


def test_read_outlives_a_server_that_ends_idle_sessions(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.query("do $$ begin execute format('alter database %%I set idle_session_timeout = 50', current_database()); end $$")
    before(monkeypatch, landing.SnapshotWriter, "record", lambda: time.sleep(0.3))
    assert world.sync()["outcome"] == "succeeded"


def test_read_outlives_a_proxy_that_cuts_idle_connections(world: World, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy.idle_seconds = 0.2
    before(monkeypatch, landing.SnapshotWriter, "record", lambda: time.sleep(1))
    idle = psycopg2.connect(proxy.dsn(world.dsn))
    assert world.sync()["outcome"] == "succeeded"
    idle.close()
    assert proxy.cut  # it does what it says


def test_read_outlives_a_warehouse_that_is_away_for_a_while(world: World, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    def restart() -> None:
        proxy.shut()
        time.sleep(world.settings.claim_seconds / 3)
        proxy.is_open = True

    before(monkeypatch, landing.SnapshotWriter, "record", restart)
    assert world.sync()["outcome"] == "succeeded"


def test_what_landed_while_the_warehouse_was_away_is_registered_by_the_next_sync(
    world: World, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    before(monkeypatch, landing.SnapshotWriter, "finish", proxy.shut)
    with pytest.raises(WarehouseUnavailableError):
        world.sync(now=NOW)
    assert world.query("select count(*) from ops.snapshot") == [(0,)]
    [folder] = world.landed()
    proxy.is_open = True
    assert world.sync(now=NOW + timedelta(hours=1))["outcome"] == "succeeded"
    assert world.query("select uri, state from ops.snapshot order by taken_at limit 1") == [(f"file://{folder}", "landed")]


# --- whoever takes over


def test_claim_is_given_back_also_after_a_failure(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_ACME_DINGTALK")
    with pytest.raises(Exception, match="acme_dingtalk"):
        world.sync()
    assert [is_free for *_, is_free in claims_of(world)] == [True]


def test_next_try_of_a_run_takes_over_at_once(world: World, address: Address) -> None:
    with (
        hold_claim(address, "acme", "read", claimed_by="run 1", seconds=3600) as first,
        hold_claim(address, "acme", "read", claimed_by="run 1", seconds=3600) as second,
    ):
        assert second.generation == first.generation + 1
        with (
            pytest.raises(BusyTenantError, match="a later try of this one, took over reading tenant acme"),
            open_warehouse(address) as line,
        ):
            first.confirm(line)


def test_holder_that_cannot_renew_is_followed_and_fenced_off(world: World, address: Address, proxy: Proxy) -> None:
    """What it holds ends by the warehouse's clock; what it does afterwards counts for nothing."""
    far = find_warehouse(world.settings)
    world.query("insert into ops.sync_run (tenant_id, run_id, platform, run_type) values ('acme', 'cut off', 'dingtalk', 'cli')")
    with hold_claim(far, "acme", "read", claimed_by="cut off", seconds=SECONDS) as claim:
        proxy.shut()
        with hold_claim(address, "acme", "read", claimed_by="next", seconds=SECONDS):
            assert world.query("select outcome, error from ops.sync_run") == [("failed", "its process ended without a word")]
            proxy.is_open = True
            with pytest.raises(BusyTenantError, match="took over"), open_warehouse(far) as line:
                claim.confirm(line)
            with pytest.raises(BusyTenantError, match="took over"):
                claim.check()
            claim.release()
            assert claims_of(world) == [(2, "next", False)]


def test_run_that_lost_its_claim_registers_nothing_and_leaves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    before(monkeypatch, landing.SnapshotWriter, "finish", lambda: take_over(world, "read"))
    with pytest.raises(BusyTenantError, match="took over reading tenant acme"):
        world.sync(now=NOW)
    assert world.query("select count(*) from ops.snapshot") == [(0,)]
    monkeypatch.undo()


def test_read_under_way_stops_once_its_claim_is_lost(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def stand_still() -> None:
        take_over(world, "read")
        time.sleep(world.settings.claim_seconds / 2)  # until it wants to renew

    before(monkeypatch, landing.SnapshotWriter, "record", stand_still)
    with pytest.raises(BusyTenantError, match="took over reading tenant acme"):
        world.sync(now=NOW)
    assert world.landed() == []


def test_only_the_true_holder_removes_unfinished_folders(world: World, address: Address) -> None:
    unfinished = world.zone() / "acme" / "20261101T000000.000000Z"
    unfinished.mkdir(parents=True)
    with hold_claim(address, "acme", "read", claimed_by="first", seconds=SECONDS) as claim:
        take_over(world, "read")
        with pytest.raises(BusyTenantError):
            landing.remove_unfinished(world.settings.landing_zone, "acme", confirm=claim.confirm_now)
    assert unfinished.exists()
    world.query("update ops.claim set held_until = null")
    world.sync()
    assert not unfinished.exists()


def test_one_holder_at_a_time(address: Address) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work(number: int) -> None:
        with hold_claim(address, "acme", "replay", claimed_by=f"run {number}", seconds=SECONDS, may_wait=True) as claim:
            inside.append(number)
            most.append(len(inside))
            with open_warehouse(address) as line:
                claim.confirm(line)
            inside.remove(number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(16)))
    assert most == [1] * 16


# --- replays


def test_replay_waits_for_another_and_goes_on(world: World, address: Address) -> None:
    world.sync(now=NOW)
    with ThreadPoolExecutor(1) as pool:
        with hold_claim(address, "acme", "replay", claimed_by="another", seconds=SECONDS):
            second = pool.submit(replay, world.make_run(), after=NOW - timedelta(days=1), until=NOW)
            wait_until(lambda: world.query("select count(*) from ops.sync_run where run_type <> 'cli'") == [(2,)], "it does not begin")
            assert not second.done()
        assert [each["outcome"] for each in second.result()] == ["unchanged"]


def test_replay_outlives_the_end_of_every_session(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.sync(now=NOW)
    before(monkeypatch, quarantine, "judge", lambda: end_sessions(world))
    assert len(replay(world.make_run(), after=NOW - timedelta(days=1), until=NOW)) == 1


def test_replay_that_lost_its_turn_leaves_the_plan_of_the_other_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot_id = extract_snapshot(world.run_at(NOW), mode="full")
    plan_id = None

    def lose() -> None:
        nonlocal plan_id
        take_over(world, "replay")
        plan_id = validate_snapshot(world.make_run(), snapshot_id)

    before(monkeypatch, quarantine, "judge", lose)
    with pytest.raises(BusyTenantError, match="took over loading snapshots of tenant acme again"):
        replay(world.make_run(), after=NOW - timedelta(days=1), until=NOW)
    assert world.query("select plan_id, state from ops.plan") == [(plan_id, "staged")]


def test_reader_and_replay_do_not_wait_for_each_other(world: World, address: Address) -> None:
    world.sync(now=NOW)
    with another_reader(world):
        assert len(replay(world.make_run(), after=NOW - timedelta(days=1), until=NOW)) == 1
    with hold_claim(address, "acme", "replay", claimed_by="another", seconds=SECONDS):
        assert world.sync(now=NOW + timedelta(hours=1))["outcome"] == "unchanged"


def test_heart_ends_with_its_claim(address: Address) -> None:
    with hold_claim(address, "acme", "read", claimed_by="run 1", seconds=SECONDS) as claim:
        assert isinstance(claim, Claim)
        assert [thread.name for thread in threading.enumerate()].count("claim") == 1
    assert [thread.name for thread in threading.enumerate()].count("claim") == 0
