"""A warehouse that was lost, or restored from a backup, becomes again what it was, from the landing zone alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import parse_dsn

from orgsync.errors import GateError, IncompleteSnapshotError, SchemaError
from orgsync.landing.zone import DECISION
from orgsync.sync import replaying
from orgsync.sync.deciding import decide_plan
from orgsync.sync.extracting import extract_snapshot
from orgsync.sync.merging import merge_plan
from orgsync.sync.planning import plan_sync
from orgsync.sync.rebuilding import rebuild
from orgsync.sync.retracting import retract
from orgsync.sync.validating import validate_snapshot
from stack.postgres import PostgresServer
from tests.integration.test_plan import with_tenant
from tests.integration.truth import assert_equals_truth
from tests.integration.world import Command, World, no_waiting

NOW = datetime(2026, 11, 25, 3, 17, tzinfo=UTC)
HOUR = timedelta(hours=1)
TEMPLATE = "template_warehouse"

QUARANTINE = """
    select snapshot.taken_at, entity, user_id, department_id, rule, reason
    from ops.quarantine join ops.snapshot using (plan_id)
    where state = 'loaded'
"""
SNAPSHOTS = """
    select snapshot_id, mode, state, is_complete, problems, sees_whole, decided_by, is_due, is_stale, case state when 'loaded' then
        jsonb_build_array(counts, withheld_fields, department_unobserved, user_unobserved, membership_unobserved) end
    from ops.snapshot
"""


def everything(world: World) -> dict[str, Any]:
    """What a reader of the warehouse finds, but for the numbers of plans and the hours of loads."""
    tables = {"change": "select * from org.change", "quarantine": QUARANTINE, "snapshots": SNAPSHOTS}
    found: dict[str, Any] = {name: sorted(world.query(statement), key=str) for name, statement in tables.items()}
    return found | {"history": world.history()}


def differences(found: dict[str, Any], wanted: dict[str, Any]) -> list[tuple[Any, Any]]:
    """Row by row, so that a failure can be read."""
    rows = [(found[name], wanted[name]) for name in ("change", "quarantine", "snapshots")] + list(
        zip(found["history"], wanted["history"], strict=True)
    )
    return [pair for one, other in rows for pair in zip_longest(one, other) if pair[0] != pair[1]]


@dataclass(frozen=True)
class Servant:
    """Does to a warehouse what befalls one."""

    server: PostgresServer
    world: World

    @property
    def name(self) -> str:
        return str(parse_dsn(self.world.dsn)["dbname"])

    def lose(self) -> None:
        """Dropped, and an empty one in its place."""
        self._run(f'drop database "{self.name}" with (force)', f'create database "{self.name}" template {TEMPLATE}')

    def back_up(self) -> None:
        self._run(f'create database "{self.name}_backup" template "{self.name}"')

    def restore(self) -> None:
        self._run(f'drop database "{self.name}" with (force)', f'alter database "{self.name}_backup" rename to "{self.name}"')

    def _run(self, *statements: str) -> None:
        connection = psycopg2.connect(self.server.dsn("postgres"))
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        connection.close()


@pytest.fixture
def servant(postgres: PostgresServer, world: World) -> Servant:
    return Servant(postgres, world)


class Life:
    """A tenant's syncs, an hour after each other: good ones, and all that may become of others."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.now = NOW

    def sync(self, **options: Any) -> dict[str, Any]:
        self.now += HOUR
        return self.world.sync(now=self.now, **options)

    def evolve(self, **changes: int) -> None:
        self.world.control("POST", "evolve", changes)

    def plan(self) -> int:
        self.now += HOUR
        run = self.world.run_at(self.now)
        planned = plan_sync(run, validate_snapshot(run, extract_snapshot(run, mode="full")))
        assert planned["over_budget"]
        return int(planned["plan_id"])

    def break_it(self, fault: dict[str, Any], act: Callable[[], object]) -> None:
        self.world.control("POST", "faults", {"interface": "topapi/v2/user/list"} | fault)
        act()
        self.world.control("DELETE", "faults")

    def first_day(self) -> None:
        """Loaded; loaded with rows in quarantine; loaded by mistake; rejected; and the same again, approved."""
        self.sync()
        self.evolve(joined=3, left=2, moved=4, renamed=2, departments_created=1)
        self.break_it({"kind": "nul_in_name", "calls": [2]}, self.sync)
        self.evolve(joined=1)
        self.sync()
        self.evolve(left=20)
        decide_plan(self.world.make_run(), self.plan(), is_approved=False, decided_by="wang")
        approved = self.plan()
        decide_plan(self.world.make_run(), approved, is_approved=True, decided_by="li")
        merge_plan(self.world.make_run(), approved)

    def second_day(self) -> None:
        """The mistake is taken back; a part of it missing; found incomplete; tried; without some fields; frequent, and who left is back."""
        mistake = f"{self.world.landed()[2].parent.name}/{self.world.landed()[2].name}"
        retract(self.world.make_run(), [mistake], decided_by="zhao")
        self.evolve(joined=2, moved=2)
        tolerant = Life(with_tenant(self.world, on_incomplete="add_only"))
        tolerant.now = self.now
        self.break_it({"kind": "http_500", "match": {"dept_id": self._some_department()}}, tolerant.sync)
        self.now = tolerant.now
        self.break_it({"kind": "lost_rows", "rows": 2, "calls": [2]}, self._fail)
        self.sync(dry_run=True)
        permissions = self.world.control("GET", "settings")["field_permissions"]
        self.world.control("PUT", "settings", {"field_permissions": ["fieldEmail"]})
        self.sync()
        self.world.control("PUT", "settings", {"field_permissions": permissions})
        self.evolve(returned=2, renamed=1)
        self.sync(mode="frequent")

    def _some_department(self) -> int:
        departments = self.world.query("select department_id from org.departments where parent_id is not null order by 1 limit 1")
        return int(departments[0][0])

    def _fail(self) -> None:
        with pytest.raises(IncompleteSnapshotError):
            self.sync()


@pytest.mark.parametrize("what_is_left", ["nothing", "a backup"])
def test_history_is_as_it_was_before_the_warehouse_was_lost(
    world: World, servant: Servant, monkeypatch: pytest.MonkeyPatch, what_is_left: str
) -> None:
    no_waiting(monkeypatch)
    life = Life(world)
    life.first_day()
    if what_is_left == "a backup":
        servant.back_up()
    life.second_day()
    before = everything(world)
    states = [row[2] for row in before["snapshots"]]
    assert states == ["loaded", "loaded", "retracted", "rejected", "loaded", "loaded", "landed", "landed", "loaded", "loaded"]
    assert before["quarantine"]
    assert [row[3] for row in before["snapshots"]].count(False) == 2
    if what_is_left == "a backup":
        servant.restore()
    else:
        servant.lose()

    world.control("DELETE", "calls")
    result = rebuild(world.make_run())

    assert differences(everything(world), before) == []
    assert result["outcome"] == "succeeded"
    assert len(result["loaded"]) == (6 if what_is_left == "nothing" else 3)
    assert len(result["taken_out"]) == (0 if what_is_left == "nothing" else 1)
    left_out = {each["why"]: each["reason"] for each in result["left_out"]}
    assert set(left_out) - {"retracted"} == {"rejected", "incomplete", "undecided"}
    assert "rejected by wang" in left_out["rejected"]
    assert "the platform counts" in left_out["incomplete"]
    assert world.control("GET", "calls")["total"] == 0, "the platform was asked"
    newest = world.query("select run_type, plan_id from ops.sync_run order by started_at desc limit 1")
    assert newest == [("manual", None)], "a run that names a plan has its changes announced"

    again = rebuild(world.make_run())
    assert (again["outcome"], again["loaded"], again["registered"]) == ("unchanged", [], [])
    assert everything(world) == before


def three_syncs(world: World) -> Life:
    life = Life(world)
    life.sync()
    life.evolve(joined=3, left=2, moved=4)
    life.sync()
    life.evolve(renamed=3, returned=1)
    life.sync()
    return life


def test_sync_may_come_before_the_rebuild(world: World, servant: Servant, caplog: pytest.LogCaptureFixture) -> None:
    """Nobody has to stop the schedule first: the past is put before what was read since."""
    life = three_syncs(world)
    servant.lose()
    life.evolve(joined=1, left=1)
    life.sync()
    assert "3 snapshots that were part of history are not in this warehouse; `orgsync rebuild acme` loads them" in caplog.text
    assert world.query("select distinct kind from org.change where entity = 'user'") == [("joined",)]
    rebuild(world.make_run())
    after = everything(world)

    servant.lose()
    rebuild(world.make_run())
    assert everything(world) == after
    newest = "select kind, count(*) from org.change where entity = 'user' and kind in ('joined', 'left') and changed_at = %s group by kind"
    assert sorted(world.query(newest, life.now)) == [("joined", 1), ("left", 1)]


def test_dry_run_of_a_rebuild_tells_and_changes_nothing(world: World, servant: Servant) -> None:
    three_syncs(world)
    servant.lose()
    result = rebuild(world.make_run(), dry_run=True)
    assert (result["outcome"], result["landed"], len(result["registered"]), len(result["due"])) == ("planned", 3, 3, 3)
    assert result["loaded"] == []
    assert world.query("select count(*) from ops.snapshot") == [(0,)]
    assert world.history() == [[], [], []]


def test_landing_zone_from_before_there_were_decisions_is_loaded_when_asked_for(world: World, servant: Servant) -> None:
    three_syncs(world)
    before = world.history()
    for folder in world.landed():
        (folder / DECISION).unlink()
    servant.lose()

    told = rebuild(world.make_run())

    assert (told["outcome"], told["loaded"]) == ("unchanged", [])
    assert [each["why"] for each in told["left_out"]] == ["undecided"] * 3
    assert len(rebuild(world.make_run(), with_undecided=True)["loaded"]) == 3
    assert world.history() == before


def test_undecided_snapshot_beyond_the_budget_stops_the_rebuild_until_somebody_approves(world: World, servant: Servant) -> None:
    """Nobody ever said that it may count."""
    life = Life(world)
    life.sync()
    life.evolve(left=20)
    life.plan()
    servant.lose()
    with pytest.raises(GateError, match=r"20 of 60 .* people would leave.*--approve (\d+)"):
        rebuild(world.make_run(), with_undecided=True)
    [(plan_id,)] = world.query("select max(plan_id) from ops.plan")
    decide_plan(world.make_run(), plan_id, is_approved=True, decided_by="li")
    merge_plan(world.make_run(), plan_id)
    assert rebuild(world.make_run(), with_undecided=True)["outcome"] == "unchanged"
    assert world.query("select count(*) from org.users") == [(40,)]


def test_damaged_snapshot_keeps_no_other_out_and_the_rebuild_says_that_it_failed(world: World, servant: Servant, command: Command) -> None:
    three_syncs(world)
    first, second, third = world.landed()
    (second / "users.jsonl.gz").write_bytes(b"damaged")
    third.joinpath("manifest.json").unlink()
    (first.parent / "20261125T070000.000000Z").mkdir()
    servant.lose()

    done = command("rebuild", "acme", "--json")

    assert done.returncode == 1, done.stderr
    result = json.loads(done.stdout)
    assert [each["snapshot_id"].endswith(first.name) for each in result["loaded"]] == [True]
    assert [each["snapshot_id"].endswith(second.name) for each in result["failed"]] == [True]
    assert "users.jsonl.gz was changed or cut" in result["failed"][0]["reason"]
    assert result["unfinished"] == [third.name, "20261125T070000.000000Z"]
    [(outcome, error)] = world.query("select outcome, error from ops.sync_run")
    assert outcome == "failed"
    assert "users.jsonl.gz was changed or cut" in error
    shown = command("rebuild", "acme")
    assert shown.returncode == 1
    assert "Could not be loaded: acme/" in shown.stdout
    assert "Folders without a manifest: 2" in shown.stdout


def test_rebuild_of_a_database_without_our_schema_says_what_comes_first(postgres: PostgresServer, world: World) -> None:
    name = str(parse_dsn(world.dsn)["dbname"])
    Servant(postgres, world)._run(f'drop database "{name}" with (force)', f'create database "{name}"')
    with pytest.raises(SchemaError, match="run `orgsync migrate`"):
        rebuild(world.make_run())


def test_rebuild_and_a_sync_do_not_disturb_each_other(world: World, servant: Servant, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sync takes the place of the plan of an older snapshot, which is then staged again; its own plan stays."""
    life = three_syncs(world)
    servant.lose()
    bring_up_to_date, syncs = replaying.bring_up_to_date, iter([life.sync])

    def after_a_sync(*arguments: Any) -> Any:
        for sync in syncs:
            sync()
        return bring_up_to_date(*arguments)

    monkeypatch.setattr(replaying, "bring_up_to_date", after_a_sync)
    result = rebuild(world.make_run())
    assert (result["outcome"], len(result["loaded"])) == ("succeeded", 3)
    assert_equals_truth(world)
    after = world.history()

    life.now += HOUR
    run = world.run_at(life.now)
    planned = plan_sync(run, validate_snapshot(run, extract_snapshot(run, mode="full")))
    world.query("update ops.snapshot set is_due = true where state = 'loaded'")
    assert len(rebuild(world.make_run())["loaded"]) == 4
    assert merge_plan(run, planned["plan_id"])["outcome"] == "unchanged"
    assert world.history() == after
