"""kill -9 at any instant: history is as before or as after, the next sync heals, nothing is left behind. Two runs at once do no harm."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest

from orgsync.errors import BusyTenantError, GateError, WarehouseUnavailableError
from orgsync.landing.zone import read_manifest
from orgsync.sync.deciding import decide_plan
from orgsync.sync.extracting import extract_snapshot
from orgsync.sync.merging import merge_plan
from orgsync.sync.planning import plan_sync
from orgsync.sync.validating import validate_snapshot
from orgsync.warehouse.migrations import migrate
from orgsync.warehouse.runs import close_lost_runs
from sandbox.testing import RunningSandbox
from stack.postgres import PostgresServer, embedded_postgres
from tests.integration.forks import LOCKS, Doomed, Held, wait_until
from tests.integration.rewind import FirstSync, NearWorld, found, rewind, sync_first
from tests.integration.test_forgetting import find_in_files, find_in_tables
from tests.integration.truth import assert_equals_truth
from tests.integration.world import CLAIM_SECONDS, World, set_platform, set_warehouse

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ORGANIZATION = {"people": 20, "seed": 7, "departments": 4}
EVOLUTION = {"joined": 2, "left": 2, "moved": 2, "renamed": 5, "departments_renamed": 1}
STAGES = ["extract", "recognize", "validate", "plan", "merge"]
AT_ONCE = 2
KILLED_CLAIM_SECONDS = 0.5
OPEN_USERS = ["newest/open_users", 1]

VERSIONS = """
    select 'department ' || version::text from org.department_version as version
    union all
    select 'user ' || version::text from org.user_version as version
    union all
    select 'membership ' || version::text from org.membership_version as version
"""
Versions = frozenset[str]


NUMBERS = count()


def job(world: World, *, now: datetime = NOW, **more: Any) -> dict[str, Any]:
    """A sync of this world in a process of its own; with `plan_id` only the merge of that plan."""
    number, folder = next(NUMBERS), world.settings.report_folder.parent
    temporary = folder / "temporary"
    temporary.mkdir(exist_ok=True)
    names = [name for name in os.environ if name.startswith("AIRFLOW_CONN_ACME_")]
    environ = {name: os.environ[name] for name in names}
    return {
        "environ": environ | {"AIRFLOW_CONN_ORGSYNC_WAREHOUSE": warehouse_of(world), "TMPDIR": str(temporary)},
        "platform": world.platform,
        "landing_zone": world.settings.landing_zone,
        "report_folder": str(world.settings.report_folder),
        "told": str(folder / f"told_{number}.txt"),
        "run_id": f"doomed__{number}",
        "now": now.isoformat(),
        "claim_seconds": KILLED_CLAIM_SECONDS,
        **more,
    }


def warehouse_of(world: World) -> str:
    with pytest.MonkeyPatch.context() as patch:
        set_warehouse(patch, world.dsn)
        return os.environ["AIRFLOW_CONN_ORGSYNC_WAREHOUSE"]


def told(job: dict[str, Any]) -> list[str]:
    return Path(job["told"]).read_text().splitlines()


def read_versions(world: World) -> Versions:
    return frozenset(row[0] for row in world.query(VERSIONS))


@dataclass(frozen=True)
class Undisturbed:
    """What a sync does when nobody disturbs it: its steps in order, and history before and after."""

    steps: list[str]
    before: Versions
    after: Versions

    def points(self, stage: str) -> range:
        """The numbers, from 1, of the steps from where a stage opens the run to where the next one does."""
        opened = [number for number, step in enumerate(self.steps, 1) if step == "ops/start_run"]
        bounds = [1, *opened[1:], len(self.steps) + 1]
        return range(bounds[STAGES.index(stage)], bounds[STAGES.index(stage) + 1])


@dataclass(frozen=True)
class Laboratory:
    """Several copies of one tenant after its first good sync, its organization evolved since."""

    doomed: Doomed
    firsts: list[FirstSync]
    folder: Path

    def worlds(self, many: int = AT_ONCE) -> list[NearWorld]:
        return [rewind(first, self.folder / f"world_{next(NUMBERS)}") for first in self.firsts[:many]]


@pytest.fixture(scope="module")
def laboratory(
    shared_sandbox: RunningSandbox, postgres: PostgresServer, migrated_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Laboratory]:
    folder = tmp_path_factory.mktemp("doomed")
    doomed = Doomed(folder, "tests.integration.doomed")
    with pytest.MonkeyPatch.context() as patch:
        shared_sandbox.control("POST", "dingtalk/organization", ORGANIZATION)
        set_platform(patch, shared_sandbox)
        firsts = []
        for number in range(AT_ONCE):
            world = found(shared_sandbox, postgres, "dingtalk", folder / f"first_{number}")
            (folder / f"first_{number}").mkdir()
            set_warehouse(patch, world.dsn)
            firsts.append(sync_first(world, now=NOW - timedelta(days=1)))
        doomed.warm_up(job(rewind(firsts[0], folder / "warm_up")))
        shared_sandbox.control("POST", "dingtalk/evolve", EVOLUTION)
        yield Laboratory(doomed, firsts, folder)
    doomed.end()


@pytest.fixture
def one(laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch) -> Iterator[NearWorld]:
    """One of the copies; runs of this process use its warehouse."""
    [world] = laboratory.worlds(1)
    set_warehouse(monkeypatch, world.dsn)
    yield world
    world.connection.close()


@pytest.fixture(scope="module")
def undisturbed(laboratory: Laboratory) -> Undisturbed:
    [world] = laboratory.worlds(1)
    before, whole = read_versions(world), job(world)
    assert laboratory.doomed.run(whole) == [0], told(whole)[-1:]
    assert_equals_truth(world)
    after = read_versions(world)
    world.connection.close()
    return Undisturbed(told(whole), before, after)


# --- killed


@pytest.mark.parametrize("stage", STAGES)
def test_killed_at_any_step_history_is_whole_and_the_next_sync_heals(
    stage: str, laboratory: Laboratory, undisturbed: Undisturbed, request: pytest.FixtureRequest
) -> None:
    """At every eighth step, or with --exhaustive at each; the last, which commits, is always among them."""
    points = undisturbed.points(stage)
    points = points if request.config.getoption("exhaustive") else points[::-8]
    ended = Counter(state for some in split(points, AT_ONCE) for state in kill(laboratory, undisturbed, some))
    assert set(ended) == ({"before", "after"} if stage == "merge" else {"before"})
    assert sum(ended.values()) == len(points)


def test_killed_while_it_recognizes_history_stays_and_the_next_sync_heals(laboratory: Laboratory, request: pytest.FixtureRequest) -> None:
    """A sync that finds nothing, killed at every eighth step after the read, or with --exhaustive at each."""
    [world] = laboratory.worlds(1)
    idle = job(world, now=NOW + timedelta(hours=1))
    assert [laboratory.doomed.run(each) for each in (job(world), idle)] == [[0], [0]]
    steps, before = told(idle), read_versions(world)
    begin = [number for number, step in enumerate(steps, 1) if step == "ops/start_run"][1]
    assert "ops/repeat_plan" in steps
    points = range(begin, len(steps) + 1)
    for number, point in enumerate(points if request.config.getoption("exhaustive") else points[::-8], 2):
        assert laboratory.doomed.run(job(world, now=NOW + timedelta(hours=number), die_at=point)) == [-signal.SIGKILL]
        wait_until(lambda: world.query(LOCKS) == [(0,)], "a lock stays")
        assert read_versions(world) == before, f"killed before step {point}, {steps[point - 1]}"
    healing = job(world, now=NOW + timedelta(days=10))
    assert laboratory.doomed.run(healing) == [0], told(healing)[-1:]
    assert_equals_truth(world)
    assert_nothing_is_left(world)
    world.connection.close()


def test_woken_sync_that_is_killed_at_any_step_loses_no_event(
    laboratory: Laboratory, undisturbed: Undisturbed, request: pytest.FixtureRequest
) -> None:
    """At every sixteenth step, or with --exhaustive at each; events name all there is. The next one that is woken finds those that wait."""
    [world] = laboratory.worlds(1)
    named = name_all(world)
    whole = job(announced(world, named), is_woken=True)
    assert laboratory.doomed.run(whole) == [0], told(whole)[-1:]
    assert_equals_truth(world)
    steps, after = told(whole), read_versions(world)
    assert world.query("select mode from ops.snapshot order by taken_at desc limit 1") == [("targeted",)]
    world.connection.close()
    points = range(1, len(steps) + 1)
    for some in split(points if request.config.getoption("exhaustive") else points[::-16], AT_ONCE):
        worlds = [announced(each, named) for each in laboratory.worlds(len(some))]
        killed = [job(world, die_at=point, is_woken=True) for world, point in zip(worlds, some, strict=True)]
        assert laboratory.doomed.run(*killed) == [-signal.SIGKILL] * len(some)
        for world, point in zip(worlds, some, strict=True):
            where = f"killed before step {point}, {steps[point - 1]}"
            wait_until(lambda world=world: world.query(LOCKS) == [(0,)], f"a lock stays, {where}")
            [(waiting,)] = world.query("select count(*) from ops.event where handled_at is null")
            assert read_versions(world) == undisturbed.before or waiting == 0, f"an event is handled by half, {where}"
            world.query("update ops.event set tried_at = tried_at - interval '1 day'")
        healing = [job(world, now=NOW + timedelta(hours=1), is_woken=True) for world in worlds]
        assert laboratory.doomed.run(*healing) == [0] * len(some), [told(each)[-1:] for each in healing]
        for world in worlds:
            assert world.query("select count(*) from ops.event where handled_at is null") == [(0,)]
            assert len(read_versions(world)) == len(after)
        everybody = [job(world, now=NOW + timedelta(hours=2)) for world in worlds]
        assert laboratory.doomed.run(*everybody) == [0] * len(some), [told(each)[-1:] for each in everybody]
        for world in worlds:
            assert len(read_versions(world)) == len(after), "nothing was left for the read of everybody"
            assert_equals_truth(world)
            assert_nothing_is_left(world)
            world.connection.close()


def name_all(world: World) -> list[tuple[str, str]]:
    """Everybody and everything, as it is on the platform or as it was."""
    truth = world.truth()
    there = {("user", each["id"]) for each in truth["users"]} | {("department", str(each["id"])) for each in truth["departments"]}
    return sorted(
        there | set(world.query("select 'user', user_id from org.users union select 'department', department_id from org.departments"))
    )


def announced(world: NearWorld, named: list[tuple[str, str]]) -> NearWorld:
    for entity, key in named:
        world.query(
            f"insert into ops.event (tenant_id, event_key, platform, type, kind, {entity}_ids, via) "
            "values ('acme', %s, %s, '', %s, %s, 'http')",
            f"{entity} {key}",
            world.platform,
            f"{entity}.changed",
            [key],
        )
    return world


def split(points: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (points[start : start + size] for start in range(0, len(points), size))


def kill(laboratory: Laboratory, undisturbed: Undisturbed, points: Sequence[int]) -> list[str]:
    """Kill a run at each of these steps, each in a world of its own; returns whether history was as before or as after."""
    worlds = laboratory.worlds(len(points))
    jobs = [job(world, die_at=point) for world, point in zip(worlds, points, strict=True)]
    assert laboratory.doomed.run(*jobs) == [-signal.SIGKILL] * len(jobs)
    states = [
        assert_whole(world, undisturbed, f"killed before step {point}, {undisturbed.steps[point - 1]}")
        for world, point in zip(worlds, points, strict=True)
    ]
    healing = [job(world, now=NOW + timedelta(hours=1)) for world in worlds]
    assert laboratory.doomed.run(*healing) == [0] * len(jobs), [told(each)[-1:] for each in healing]
    for world, killed, healed, state in zip(worlds, jobs, healing, states, strict=True):
        assert_healed(world, killed["run_id"], healed["run_id"], state)
        world.connection.close()
    return states


def assert_whole(world: NearWorld, undisturbed: Undisturbed, where: str) -> str:
    wait_until(lambda: world.query(LOCKS) == [(0,)], f"a lock stays, {where}")
    versions = read_versions(world)
    assert versions in (undisturbed.before, undisturbed.after), f"history is torn, {where}"
    return "before" if versions == undisturbed.before else "after"


def assert_healed(world: NearWorld, killed: str, healed: str, state: str) -> None:
    """Equal to the truth, nothing left of the killed run but its record, closed for what it was, by this run or by housekeeping."""
    assert_equals_truth(world)
    assert_nothing_is_left(world)
    assert world.query("select outcome from ops.sync_run where run_id = %s", healed) == [
        ("succeeded" if state == "before" else "unchanged",)
    ]
    close_lost_runs(world.connection, "acme", before=datetime.now(UTC) + timedelta(days=2))
    world.connection.commit()
    record = world.query("select outcome, error from ops.sync_run where run_id = %s", killed)
    if state == "after":
        assert record == [("succeeded", None)]
    elif record != [("failed", "its process ended without a word")]:
        # It had a plan, which the run that healed it overtook; or it did not come as far as its record.
        assert [(outcome, "was overtaken by plan" in error) for outcome, error in record] in ([("stopped", True)], [])


def lose(world: NearWorld) -> NearWorld:
    """Its warehouse; the landing zone stays."""
    tables = ", ".join(
        row[0] for row in world.query("select schemaname || '.' || tablename from pg_tables where schemaname in ('org', 'ops')")
    )
    world.query(f"truncate {tables} cascade")
    return world


def test_rebuild_that_is_killed_at_any_step_goes_on_where_it_was_cut_off(
    laboratory: Laboratory, undisturbed: Undisturbed, request: pytest.FixtureRequest
) -> None:
    """At every eighth step, or with --exhaustive at each."""
    [world] = laboratory.worlds(1)
    whole = job(lose(world), is_rebuild=True)
    assert laboratory.doomed.run(whole) == [0], told(whole)[-1:]
    assert read_versions(world) == undisturbed.before
    world.connection.close()
    steps = range(1, len(told(whole)) + 1)
    for points in split(steps if request.config.getoption("exhaustive") else steps[::-8], AT_ONCE):
        worlds = [lose(each) for each in laboratory.worlds(len(points))]
        killed = [job(world, die_at=point, is_rebuild=True) for world, point in zip(worlds, points, strict=True)]
        assert laboratory.doomed.run(*killed) == [-signal.SIGKILL] * len(points)
        healing = [job(world, is_rebuild=True) for world in worlds]
        assert laboratory.doomed.run(*healing) == [0] * len(points), [told(each)[-1:] for each in healing]
        for world, point in zip(worlds, points, strict=True):
            assert read_versions(world) == undisturbed.before, f"killed before step {point}, {told(whole)[point - 1]}"
            assert_nothing_is_left(world)
            world.connection.close()


def test_forgetting_that_is_killed_at_any_step_ends_the_same_when_it_is_asked_for_again(
    laboratory: Laboratory, request: pytest.FixtureRequest
) -> None:
    """At every 24th step, or with --exhaustive at each: nothing of the person is left, and the rest is as if nothing had been cut off."""
    [world] = laboratory.worlds(1)
    [(gone,)] = world.query("select leader from org.department_version, unnest(leader_user_ids) as leader order by 1 limit 1")
    whole = job(world, forget=gone)
    assert laboratory.doomed.run(whole) == [0], told(whole)[-1:]
    after, steps = read_versions(world), range(1, len(told(whole)) + 1)
    assert find_in_tables(world, {gone}) == [], gone
    assert find_in_files(world, {gone}) == [], gone
    world.connection.close()
    for points in split(steps if request.config.getoption("exhaustive") else steps[::-24], AT_ONCE):
        worlds = laboratory.worlds(len(points))
        killed = [job(world, die_at=point, forget=gone) for world, point in zip(worlds, points, strict=True)]
        assert laboratory.doomed.run(*killed) == [-signal.SIGKILL] * len(points)
        again = [job(world, forget=gone) for world in worlds]
        assert laboratory.doomed.run(*again) == [0] * len(points), [told(each)[-1:] for each in again]
        for world, point in zip(worlds, points, strict=True):
            where = f"killed before step {point}, {told(whole)[point - 1]}"
            assert read_versions(world) == after, where
            assert find_in_tables(world, {gone}) == find_in_files(world, {gone}) == [], where
            assert {state for (state,) in world.query("select state from ops.erasure")} == {"done"}, where
            assert_nothing_is_left(world)
            world.connection.close()


def test_tenant_of_a_killed_reader_is_free_again_soon(laboratory: Laboratory, one: NearWorld) -> None:
    """The next one waits for the end of what the killed one held, says what became of it, and reads."""
    killed = job(one, die_at=["land an answer", 3])
    assert laboratory.doomed.run(killed) == [-signal.SIGKILL]
    assert one.query("select claimed_by, held_until is null from ops.claim where purpose = 'read'") == [(killed["run_id"], False)]
    assert one.sync(now=NOW + timedelta(hours=1))["outcome"] == "succeeded"
    ended = one.query("select outcome, error from ops.sync_run where run_id = %s", killed["run_id"])
    assert ended == [("failed", "its process ended without a word")]
    assert len(one.landed()) == 2
    assert_nothing_is_left(one)


# --- frozen


@pytest.mark.parametrize(
    ("hold_at", "is_landed"),
    [
        pytest.param(["land an answer", 3], False, id="reading"),
        pytest.param(["name the manifest", 1], False, id="all read"),
        pytest.param(["ops/confirm_claim", 2], True, id="landed"),
    ],
)
def test_reader_that_wakes_up_after_another_took_over_registers_nothing_and_removes_nothing_of_the_other(
    hold_at: list[Any], is_landed: bool, laboratory: Laboratory, one: NearWorld
) -> None:
    """What had landed whole by then, the other registers: its manifest says when it was taken."""
    with Held(laboratory.doomed, job(one, hold_at=hold_at)) as first, freeze(laboratory) as wake:
        reading = extract_snapshot(one.run_at(NOW + timedelta(hours=1)), mode="full")
        wake()
        assert first.let_go() == 1
    assert told(first.job)[-1].startswith("BusyTenantError another run, or a later try of this one, took over reading tenant acme")
    assert one.query("select snapshot_id from ops.snapshot order by taken_at desc limit 1") == [(reading,)]
    assert one.query("select count(*) from ops.snapshot") == [(2 + is_landed,)]
    assert one.query("select outcome from ops.sync_run where run_id = %s", first.job["run_id"]) == [("failed",)]
    assert len(one.landed()) == 2 + is_landed
    assert one.sync(now=NOW + timedelta(hours=2))["outcome"] == "succeeded"
    assert one.query("select count(*) from ops.snapshot") == [(3 + is_landed,)]
    assert_equals_truth(one)
    assert_nothing_is_left(one)


@contextmanager
def freeze(laboratory: Laboratory) -> Iterator[Callable[[], None]]:
    """Stop the one job that is under way as a machine that is suspended does; it wakes up when told, or at the end."""
    [frozen] = psutil.Process(laboratory.doomed.process.pid).children()
    frozen.suspend()
    try:
        yield frozen.resume
    finally:
        with suppress(psutil.NoSuchProcess):
            frozen.resume()


def assert_nothing_is_left(world: NearWorld) -> None:
    wait_until(lambda: world.query(LOCKS) == [(0,)], "a lock stays")
    for folder in world.landed():
        read_manifest(f"file://{folder}")
        assert [path.name for path in folder.iterdir() if path.suffix == ".part"] == []
    assert world.query("select count(*) from ops.snapshot where decided_at is distinct from noted_at") == [(0,)]
    temporary = world.settings.report_folder.parent / "temporary"
    assert not temporary.exists() or list(temporary.iterdir()) == []
    for (table,) in world.query("select tablename from pg_tables where schemaname = 'stage'"):
        assert world.query(f'select count(*) from stage."{table}"') == [(0,)], table
    assert {state for (state,) in world.query("select state from ops.plan")} <= {"applied", "dropped", "rejected"}


# --- two at once


def waits(world: NearWorld) -> bool:
    return world.query(f"{LOCKS} and not granted") != [(0,)]


def let_go_once_another_waits(held: Held, world: NearWorld, second: Future[Any]) -> int:
    wait_until(lambda: waits(world) or second.done(), "the second run does not wait")
    assert not second.done(), second.result()
    return held.let_go()


def draft(world: World, now: datetime) -> dict[str, Any]:
    run = world.run_at(now)
    return plan_sync(run, validate_snapshot(run, extract_snapshot(run, mode="full")))


def state_of(world: World, plan_id: int) -> str:
    [(state,)] = world.query("select state from ops.plan where plan_id = %s", plan_id)
    return str(state)


def test_second_reader_leaves_while_the_first_goes_on(laboratory: Laboratory, one: NearWorld) -> None:
    with Held(laboratory.doomed, job(one, hold_at=["land an answer", 3], claim_seconds=CLAIM_SECONDS)) as first:
        with pytest.raises(BusyTenantError, match="another run is reading tenant acme"):
            one.sync(now=NOW + timedelta(hours=1))
        assert len(one.landed()) == 2
        assert first.let_go() == 0, told(first.job)
    assert_equals_truth(one)
    assert one.sync(now=NOW + timedelta(hours=2))["outcome"] == "unchanged"
    assert_nothing_is_left(one)


def test_run_that_takes_over_waits_for_a_merge_under_way(laboratory: Laboratory, one: NearWorld, undisturbed: Undisturbed) -> None:
    """It would take the staged rows away from under it, and half of history would be closed and not opened again."""
    with ThreadPoolExecutor(1) as pool, Held(laboratory.doomed, job(one, hold_at=OPEN_USERS)) as first:
        second = pool.submit(one.sync, now=NOW + timedelta(hours=1))
        assert let_go_once_another_waits(first, one, second) == 0, told(first.job)
        assert second.result()["outcome"] == "unchanged"
    assert read_versions(one) == undisturbed.after
    assert one.query("select state from ops.plan order by plan_id desc limit 2") == [("applied",), ("applied",)]
    assert_nothing_is_left(one)


def test_second_merge_of_a_plan_waits_and_finds_it_applied(laboratory: Laboratory, one: NearWorld, undisturbed: Undisturbed) -> None:
    plan_id = draft(one, NOW)["plan_id"]
    with ThreadPoolExecutor(1) as pool, Held(laboratory.doomed, job(one, plan_id=plan_id, hold_at=OPEN_USERS)) as first:
        second = pool.submit(merge_plan, one.make_run(), plan_id)
        assert let_go_once_another_waits(first, one, second) == 0, told(first.job)
        assert (second.result()["outcome"], second.result()["history_rows"]) == ("succeeded", 0)
    assert read_versions(one) == undisturbed.after
    assert_nothing_is_left(one)


def test_plan_dropped_while_it_is_worked_out_anew_is_not_applied(laboratory: Laboratory, one: NearWorld) -> None:
    """Between what it finds out and its merge the lock is free for a moment; another run may take over in it."""
    plan_id = draft(one, NOW)["plan_id"]
    one.query("update ops.plan set based_on_plan_id = null where plan_id = %s", plan_id)
    with Held(laboratory.doomed, job(one, plan_id=plan_id, hold_at=["ops/lock_tenant", 2])) as first:
        one.sync(now=NOW + timedelta(hours=1))
        before = read_versions(one)
        assert first.let_go() == 1
    assert told(first.job)[-1].startswith(f"OvertakenError plan {plan_id} is dropped: a newer run took over")
    assert (read_versions(one), state_of(one, plan_id)) == (before, "dropped")
    assert_equals_truth(one)


def test_rejection_waits_for_a_merge_under_way_and_comes_too_late(laboratory: Laboratory, one: NearWorld, undisturbed: Undisturbed) -> None:
    plan_id = draft(one, NOW)["plan_id"]
    with ThreadPoolExecutor(1) as pool, Held(laboratory.doomed, job(one, plan_id=plan_id, hold_at=OPEN_USERS)) as first:
        second = pool.submit(decide_plan, one.make_run(), plan_id, is_approved=False, decided_by="li")
        assert let_go_once_another_waits(first, one, second) == 0, told(first.job)
        with pytest.raises(GateError, match="can no longer be decided"):
            second.result()
    assert (read_versions(one), state_of(one, plan_id)) == (undisturbed.after, "applied")


# --- the server


def test_server_that_crashes_in_a_merge_changes_nothing_and_the_next_sync_heals(
    shared_sandbox: RunningSandbox, laboratory: Laboratory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL of one backend makes PostgreSQL end all, recover, and empty the unlogged tables of stage."""
    with embedded_postgres(tmp_path / "postgres") as server:
        server.create_database("template_warehouse")
        connection = psycopg2.connect(server.dsn("template_warehouse"))
        migrate(connection)
        connection.close()
        world = found(shared_sandbox, server, "wecom", tmp_path)
        set_platform(monkeypatch, shared_sandbox, "wecom")
        set_warehouse(monkeypatch, world.dsn)
        world.control("POST", "organization", ORGANIZATION)
        world.sync(now=NOW - timedelta(days=1))
        world.control("POST", "evolve", EVOLUTION)
        plan_id = draft(world, NOW)["plan_id"]
        before = read_versions(world)
        world.query("checkpoint")
        with Held(laboratory.doomed, job(world, plan_id=plan_id, hold_at=OPEN_USERS)) as held:
            [(backend,)] = world.query(
                "select pid from pg_stat_activity where application_name = 'orgsync' and state = 'idle in transaction'"
            )
            os.kill(backend, signal.SIGKILL)
            assert held.let_go() == 1
        assert told(held.job)[-1].startswith(WarehouseUnavailableError.__name__)
        wait_until(lambda: is_recovered(world), "the server does not come back")
        assert read_versions(world) == before
        with pytest.raises(GateError, match=r"staged rows of plan \d+ are gone.*Sync again"):
            merge_plan(world.make_run(), plan_id)
        assert world.sync(now=NOW + timedelta(hours=1))["outcome"] == "succeeded"
        assert_equals_truth(world)


def is_recovered(world: World) -> bool:
    try:
        return world.query("select count(*) from stage.user") == [(0,)]
    except psycopg2.OperationalError:
        return False
