"""A sync that reads what is loaded already needs no judging: it leaves exactly what a sync that judges everything leaves."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from orgsync.landing.reports import place_report
from orgsync.platforms.platform import Scope
from orgsync.sync import standards
from orgsync.sync.extracting import extract_snapshot
from orgsync.sync.recognizing import recognize
from orgsync.sync.replaying import load_again
from orgsync.sync.retracting import retract
from orgsync.sync.run import Run
from orgsync.tenants.stanza import Allowance, Budget
from tests.integration.world import World

NEWEST = "select snapshot_id from ops.snapshot where state = 'loaded' order by taken_at desc limit 1"
STATEMENTS = {
    "history": "select '{0}', version::text from org.{0}_version as version",
    "snapshot": "select to_jsonb(snapshot) - array['plan_id', 'loaded_at', 'decided_at', 'noted_at'] from ops.snapshot",
    "plan": "select to_jsonb(plan) - array['plan_id', 'based_on_plan_id', 'created_at', 'planned_at', 'applied_at', 'next_at'] "
    "from ops.plan where plan_id = (select plan_id from ops.snapshot where snapshot_id = %s)",
    "quarantine": "select to_jsonb(quarantine) - array['plan_id', 'created_at'] "
    "from ops.quarantine where plan_id = (select plan_id from ops.snapshot where snapshot_id = %s)",
    "expectations": "select to_jsonb(result) - 'plan_id' "
    "from ops.expectation_result as result where plan_id = (select plan_id from ops.snapshot where snapshot_id = %s)",
}


def newest(world: World) -> str:
    [(snapshot_id,)] = world.query(NEWEST)
    return str(snapshot_id)


def left_behind(world: World) -> dict[str, Any]:
    """All that a load leaves for others to see, without what numbers it and when it was."""
    snapshot_id = newest(world)
    found: dict[str, Any] = {
        "history": [world.query(STATEMENTS["history"].format(name)) for name in ("department", "user", "membership")],
        "snapshot": world.query(STATEMENTS["snapshot"]),
        "page": place_report(world.settings.report_folder, snapshot_id).read_text(),
    }
    found |= {name: world.query(STATEMENTS[name], snapshot_id) for name in ("plan", "quarantine", "expectations")}
    return {name: sorted(rows, key=str) if isinstance(rows, list) else rows for name, rows in found.items()}


def was_recognized(world: World) -> bool:
    [(seconds,)] = world.query("select step_seconds from ops.sync_run where run_type = 'manual' order by started_at desc limit 1")
    return "validate" not in seconds


def last_told(world: World) -> tuple[Any, ...]:
    """What the newest run of a sync stands for."""
    statement = (
        "select outcome, mode, method, warnings, counts - array['snapshots'], error, plan_id is not null, finished_at is not null "
        "from ops.sync_run where run_type = 'manual' order by started_at desc limit 1"
    )
    [row] = world.query(statement)
    return row


GENEROUS = Budget(**{name: Allowance(1000, 100) for name in ("quarantined", "leavers", "emptied_values", "renames")})


def with_tenant(world: World, **changes: Any) -> World:
    def make_run() -> Run:
        run = world.make_run()
        return replace(run, tenant=replace(run.tenant, **changes))

    return replace(world, make_run=make_run)


FAULTS: list[dict[str, Any]] = [
    {"kind": "broken_value", "interface": "people", "key": "name", "value": "control", "every": 1},
    {"kind": "broken_value", "interface": "people", "key": "mobile", "value": "latin1", "every": 1},
    {"kind": "nul_in_name", "interface": "people", "every": 1},
    {"kind": "duplicate_id", "interface": "people", "every": 1},
]


def disturb(world: World, random: Random) -> None:
    """Mostly nothing."""
    chance = random.random()
    if chance < 0.2:
        world.control("POST", "evolve", {"rate": 0.05})
    elif chance < 0.4:
        world.control("DELETE", "faults")
        world.control("POST", "faults", random.choice(FAULTS))
    elif chance < 0.5:
        world.control("DELETE", "faults")


@pytest.mark.parametrize("seed", range(2))
def test_what_is_recognized_is_what_judging_it_would_say(seed: int, any_world: World) -> None:
    """Over random evolutions, damages and modes: a snapshot that was recognized is judged as well, and nothing is other than it was."""
    random, now, recognized = Random(seed), datetime.now(UTC) - timedelta(days=30), 0
    world = with_tenant(any_world, budget=GENEROUS)
    world.sync(now=now)
    for _ in range(7):
        now += timedelta(hours=1)
        disturb(world, random)
        world.sync(now=now, mode=random.choice(["full", "full", "frequent"]))
        if was_recognized(world):
            recognized += 1
            assert last_told(world)[0] == "unchanged"
            left = left_behind(world)
            load_again(world.run_at(now + timedelta(minutes=1)), newest(world))
            assert left_behind(world) == left
    assert recognized > 0


def test_second_sync_of_the_same_is_recognized_and_says_so(any_world: World) -> None:
    any_world.control("POST", "faults", {"kind": "broken_value", "interface": "people", "key": "name", "value": "control", "every": 1})
    any_world.sync()
    judged, history = last_told(any_world), any_world.history()
    result = any_world.sync()
    assert (result["outcome"], result["history_rows"]) == ("unchanged", 0)
    assert result["changes"] == {"user": {}, "department": {}}
    assert was_recognized(any_world)
    assert any_world.history() == history
    told = last_told(any_world)
    assert told[3] == judged[3] != []  # the warnings
    assert told[1:3] == judged[1:3]
    assert told[4] == judged[4] | {"history_rows": 0}


@pytest.mark.parametrize("change", ["mapping", "budget", "code", "company", "mode", "changed", "stale", "removed", "approved"])
def test_what_may_say_something_else_is_judged(change: str, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.sync()
    run, mode = world.make_run(), "full"
    if change == "mapping":
        run = replace(run, tenant=replace(run.tenant, mapping={"user": {"nickname": "title"}}))
    elif change == "budget":
        run = replace(run, tenant=replace(run.tenant, budget=Budget(missing_people=3)))
    elif change == "code":
        monkeypatch.setattr(standards, "_hash_code", lambda: "another version")
    elif change == "company":
        run = replace(run, takeover=replace(run.takeover, company="another"))
    elif change == "mode":
        mode = "frequent"
    elif change == "changed":
        world.control("POST", "evolve", {"renamed": 1})
    elif change == "stale":
        world.query("update ops.snapshot set is_stale = true")
    elif change == "removed":
        world.landed()[0].joinpath("manifest.json").unlink()
    else:
        world.query("update ops.plan set over_budget = %s", json.dumps([{"budget": "quarantined"}]))
    assert recognize(run, extract_snapshot(run, mode=mode)) is None


def test_what_follows_a_retraction_is_held_against_what_is_left(world: World) -> None:
    now = datetime.now(UTC) - timedelta(days=1)
    world.sync(now=now)
    world.control("POST", "evolve", {"renamed": 2})
    world.sync(now=now + timedelta(hours=1))
    retract(world.run_at(now + timedelta(hours=2)), [newest(world)], decided_by="a person")
    assert world.sync(now=now + timedelta(hours=3))["history_rows"] > 0
    assert not was_recognized(world)


def test_read_that_sees_a_part_is_recognized_once_it_changed_nothing(world: World) -> None:
    """Whoever is absent may be out of its sight; the sync after the one that changed something judges that anew."""
    department = next(each for each in world.truth()["departments"] if each["kind"] == "company" and each["parent_id"] is not None)
    limited = with_tenant(world, scope=Scope(include=(str(department["id"]),)))
    ways = []
    for _ in range(3):
        limited.sync()
        ways.append(was_recognized(limited))
    assert ways == [False, False, True]
