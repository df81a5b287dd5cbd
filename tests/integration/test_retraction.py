"""A snapshot that got in wrongly is taken out, and history is as if it had never been loaded."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orgsync.errors import GateError, IncompleteSnapshotError
from orgsync.sync.extracting import extract_snapshot
from orgsync.sync.lookups import find_plan, find_runs
from orgsync.sync.merging import merge_plan
from orgsync.sync.planning import plan_sync
from orgsync.sync.replaying import replay
from orgsync.sync.retracting import retract, undo_retraction
from orgsync.sync.validating import validate_snapshot
from tests.integration.test_plan import wecom_by_ids
from tests.integration.truth import assert_equals_truth
from tests.integration.world import Command, World

NOW = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
LATER = timedelta(days=9)


def told(world: World) -> tuple[Any, ...]:
    """All that readers see of the organization and its past."""
    changes = world.query("select * from org.change order by change_id")
    return (
        world.history(),
        changes,
        world.query("select * from org.users order by user_id"),
        world.query("select * from org.department_tree"),
    )


def id_of(world: World, taken_at: datetime) -> str:
    [(snapshot_id,)] = world.query("select snapshot_id from ops.snapshot where taken_at = %s", taken_at)
    return str(snapshot_id)


def three_hours(world: World) -> tuple[tuple[Any, ...], str]:
    """What was told before the second of three snapshots, evolved in between, and the id of that one."""
    world.sync(now=NOW)
    before = told(world)
    world.control("POST", "evolve", {"rate": 0.1})
    world.sync(now=NOW + HOUR)
    return before, id_of(world, NOW + HOUR)


@pytest.mark.by_turns
def test_snapshot_dated_a_year_ahead_leaves_nothing_behind(any_world: World) -> None:
    """A clock was ahead; as long as the snapshot counts, syncs are stopped."""
    world = any_world
    world.sync(now=NOW)
    before = told(world)
    world.control("POST", "evolve", {"rate": 0.1})
    world.sync(now=NOW + timedelta(days=365))
    with pytest.raises(GateError, match="orgsync retract"):
        world.sync(now=NOW + HOUR)

    [done] = retract(world.make_run(), [id_of(world, NOW + timedelta(days=365))], decided_by="wang")

    assert (done["outcome"], done["instead"]) == ("succeeded", {"user": {}, "department": {}})
    assert done["history_rows"] > 0
    assert told(world) == before
    world.sync(now=NOW + HOUR)
    assert_equals_truth(world)


def test_changes_of_a_retracted_snapshot_are_told_by_the_next_one(world: World) -> None:
    _, second = three_hours(world)
    world.sync(now=NOW + 2 * HOUR)
    changes = world.query("select count(*) from org.change where changed_at = %s", NOW + HOUR)
    [done] = retract(world.make_run(), [second], decided_by="wang")
    assert world.query("select count(*) from org.change where changed_at = %s", NOW + 2 * HOUR) == changes
    assert done["taken_back"] == done["instead"] != {"user": {}, "department": {}}
    assert_equals_truth(world)


def test_retraction_that_is_only_tried_leaves_everything(world: World) -> None:
    _, second = three_hours(world)
    before = told(world), world.query("select count(*) from ops.plan"), world.query("select state, decided_at from ops.snapshot order by 1")
    [planned] = retract(world.make_run(), [second], decided_by="wang", dry_run=True)
    assert planned["outcome"] == "planned"
    assert (told(world), world.query("select count(*) from ops.plan")) == before[:2]
    assert world.query("select state, decided_at from ops.snapshot order by 1") == before[2]
    [done] = retract(world.make_run(), [second], decided_by="wang")
    assert (done["taken_back"], done["instead"]) == (planned["taken_back"], planned["instead"])


def test_retracted_snapshot_is_loaded_by_nothing_and_says_by_whom(world: World) -> None:
    before, second = three_hours(world)
    retract(world.make_run(), [second], decided_by="wang")
    [again] = retract(world.make_run(), [second], decided_by="li")
    assert again["outcome"] == "unchanged"
    done = replay(world.make_run(), after=NOW - HOUR, until=NOW + LATER)
    assert [(each["taken_at"], each["outcome"]) for each in done] == [(NOW, "unchanged"), (NOW + HOUR, "skipped")]
    assert "retracted by wang on " in done[1]["reason"]
    assert f"`orgsync retract --undo {second}`" in done[1]["reason"]
    with pytest.raises(GateError, match="is never loaded: it was retracted by wang"):
        validate_snapshot(world.make_run(), second)
    assert told(world) == before
    assert world.query("select state, decided_by from ops.snapshot order by taken_at") == [("loaded", None), ("retracted", "wang")]
    decision = json.loads((world.landed()[-1] / "decision.json").read_text())
    assert (decision["state"], decision["decided_by"]) == ("retracted", "wang")


def test_plan_that_waits_dies_with_its_snapshot(world: World) -> None:
    world.sync(now=NOW)
    before = told(world)
    world.control("POST", "evolve", {"rate": 0.1})
    run = world.run_at(NOW + HOUR)
    snapshot_id = extract_snapshot(run, mode="full")
    plan_id = plan_sync(run, validate_snapshot(run, snapshot_id))["plan_id"]
    [done] = retract(world.make_run(), [snapshot_id], decided_by="wang")
    assert (done["state"], done["outcome"], done["history_rows"]) == ("landed", "succeeded", 0)
    with pytest.raises(GateError, match="was retracted by wang"):
        merge_plan(run, plan_id)
    assert told(world) == before


def test_files_may_be_gone(world: World) -> None:
    before, second = three_hours(world)
    shutil.rmtree(world.landed()[-1])
    world.query("update ops.snapshot set removed_at = now() where snapshot_id = %s", second)
    retract(world.make_run(), [second], decided_by="wang")
    assert told(world) == before
    with pytest.raises(IncompleteSnapshotError):
        undo_retraction(world.make_run(), second, decided_by="wang")
    assert world.query("select state from ops.snapshot where snapshot_id = %s", second) == [("retracted",)]


def test_undone_retraction_is_as_if_it_had_never_been(world: World) -> None:
    _, second = three_hours(world)
    world.control("POST", "evolve", {"rate": 0.1})
    world.sync(now=NOW + 2 * HOUR)
    before = told(world)
    retract(world.make_run(), [second], decided_by="wang")
    assert told(world) != before
    done = undo_retraction(world.make_run(), second, decided_by="li")
    assert done["outcome"] == "succeeded"
    assert told(world) == before
    with pytest.raises(GateError, match="is loaded, not retracted"):
        undo_retraction(world.make_run(), second, decided_by="li")


def test_snapshot_of_the_future_is_not_let_in_again(world: World) -> None:
    world.sync(now=NOW)
    world.sync(now=NOW + LATER)
    future = id_of(world, NOW + LATER)
    retract(world.make_run(), [future], decided_by="wang")
    with pytest.raises(GateError, match="dated after now"):
        undo_retraction(world.run_at(NOW + HOUR), future, decided_by="wang")


def test_later_snapshot_that_saw_a_part_is_judged_anew(world: World) -> None:
    """Whoever only the retracted snapshot brought is not there out of sight of the later one either."""
    world.sync(now=NOW)
    world.control("POST", "evolve", {"joined": 4})
    world.sync(now=NOW + HOUR)
    people = len(world.truth()["users"])
    world.query("update ops.snapshot set sees_whole = false where taken_at = %s", NOW + HOUR)
    world.control("PUT", "settings", {"visible_departments": [world.truth()["departments"][1]["id"]]})
    world.sync(now=NOW + 2 * HOUR)
    retract(world.make_run(), [id_of(world, NOW + HOUR)], decided_by="wang")
    late = world.history()
    assert world.query("select count(*) from ops.snapshot where is_stale") == [(0,)]
    world.query("truncate org.user_version, org.department_version, org.membership_version")
    world.query("update ops.snapshot set state = 'landed' where state = 'loaded'")
    replay(world.make_run(), after=NOW - HOUR, until=NOW + LATER)
    assert world.history() == late
    assert people


def test_details_that_later_reads_took_over_go_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """WeCom by ids lands again what an earlier read was told of each person."""
    by_ids = wecom_by_ids(world, monkeypatch)
    names = "select user_id, name from org.users order by 1"
    by_ids.sync(now=NOW)
    before = by_ids.query(names)
    by_ids.control("POST", "evolve", {"renamed": 5})
    by_ids.sync(now=NOW + HOUR)
    by_ids.sync(now=NOW + 2 * HOUR, mode="frequent")
    renamed = by_ids.query(names)
    assert renamed != before
    retract(by_ids.make_run(), [id_of(by_ids, NOW + HOUR)], decided_by="wang")
    assert by_ids.query(names) == before
    by_ids.sync(now=NOW + 3 * HOUR, mode="frequent")  # what nobody has told is asked anew
    assert by_ids.query(names) == renamed
    undo_retraction(by_ids.make_run(), id_of(by_ids, NOW + HOUR), decided_by="wang")
    assert by_ids.query("select count(*) from org.change where kind = 'renamed' and changed_at = %s", NOW + HOUR) == [(5,)]


def test_command_takes_out_shows_what_and_lets_in_again(world: World, command: Command) -> None:
    _, second = three_hours(world)
    tried = command("retract", second, "--dry-run")
    assert (tried.returncode, "planned" in tried.stdout) == (0, True)
    done = json.loads(command("retract", second, "--json").stdout)
    assert [(each["snapshot_id"], each["outcome"]) for each in done] == [(second, "succeeded")]
    assert "taken out of history" in command("plan", "acme").stdout
    assert find_plan(world.settings, "acme")["is_retraction"]
    replayed = command("replay", "acme", "--from", "2026-11-01")
    assert "skipped" in replayed.stdout
    assert "retracted by" in replayed.stdout
    assert command("retract", second, "--undo").returncode == 0
    assert find_runs(world.settings, "acme")[0]["outcome"] == "succeeded"
    assert command("retract", "acme/19990101T000000.000000Z").returncode == 2
