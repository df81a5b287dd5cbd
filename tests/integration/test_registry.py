"""What landed is never lost, and what was decided about it stands beside its manifest, whoever was killed on the way."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orgsync.errors import IncompleteSnapshotError
from orgsync.landing.zone import DECISION, read_decision, write_decision
from orgsync.manifest import Decision
from orgsync.sync import registry
from orgsync.sync.deciding import decide_plan
from orgsync.sync.extracting import extract_snapshot
from orgsync.sync.planning import plan_sync
from orgsync.sync.replaying import replay
from orgsync.sync.validating import validate_snapshot
from tests.integration.world import World

NOW = datetime(2026, 11, 25, 3, 17, tzinfo=UTC)
HOUR = timedelta(hours=1)
STATES = "select taken_at, state from ops.snapshot order by taken_at"
UNNOTED = "select count(*) from ops.snapshot where decided_at is distinct from noted_at"


def forget(world: World, snapshot_id: str) -> None:
    """As if the process that read it had been killed before it was registered."""
    world.query("update ops.sync_run set snapshot_id = null where snapshot_id = %s", snapshot_id)
    world.query("delete from ops.snapshot where snapshot_id = %s", snapshot_id)


def read_noted(world: World) -> list[Decision | None]:
    return [read_decision(f"file://{folder}") for folder in world.landed()]


def known(world: World) -> list[Decision | None]:
    """What the landing zone should say."""
    rows = world.query("select decided_at, snapshot_id, state, decided_by, is_complete, problems from ops.snapshot order by taken_at")
    return [_decision(*row) if row[0] else None for row in rows]


def _decision(decided_at: datetime, snapshot_id: str, state: Any, decided_by: str, is_complete: bool, problems: list[str]) -> Decision:
    return Decision(
        snapshot_id=snapshot_id,
        state=state,
        decided_at=decided_at,
        decided_by=decided_by,
        is_complete=is_complete,
        problems=tuple(problems),
    )


def test_snapshot_that_landed_and_was_not_registered_is_registered_by_the_next_sync(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.sync(now=NOW)
    world.control("POST", "evolve", {"joined": 2})
    forget(world, extract_snapshot(world.run_at(NOW + HOUR), mode="full"))

    world.sync(now=NOW + 2 * HOUR)

    assert world.query(STATES) == [(NOW, "loaded"), (NOW + HOUR, "landed"), (NOW + 2 * HOUR, "loaded")]
    assert "registered 1 snapshots of tenant acme" in caplog.text
    caplog.clear()
    world.sync(now=NOW + 3 * HOUR)
    assert "registered" not in caplog.text


def test_folder_that_was_copied_or_damaged_is_not_registered_and_named(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.sync(now=NOW)
    [landed] = world.landed()
    shutil.copytree(landed, landed.with_name("20261125T040000.000000Z"))
    damaged = shutil.copytree(landed, landed.with_name("20261125T050000.000000Z"))
    (damaged / "manifest.json").write_text("{")

    assert world.sync(now=NOW + 3 * HOUR)["outcome"] == "unchanged"

    assert len(world.query(STATES)) == 2
    assert "20261125T040000.000000Z holds the snapshot acme/20261125T031700.000000Z" in caplog.text
    assert "20261125T050000.000000Z/manifest.json is no manifest" in caplog.text


def test_what_became_of_each_snapshot_stands_beside_its_manifest(world: World) -> None:
    world.sync(now=NOW)
    world.control("POST", "evolve", {"left": 30})
    run = world.run_at(NOW + HOUR)
    plan_id = plan_sync(run, validate_snapshot(run, extract_snapshot(run, mode="full")))["plan_id"]
    decide_plan(run, plan_id, is_approved=False, decided_by="wang")
    world.control("POST", "faults", {"interface": "topapi/v2/user/list", "kind": "lost_rows", "rows": 2, "calls": [2]})
    with pytest.raises(IncompleteSnapshotError):
        world.sync(now=NOW + 2 * HOUR)
    world.control("DELETE", "faults")
    world.sync(now=NOW + 3 * HOUR, dry_run=True)

    loaded, rejected, short, tried = noted = read_noted(world)

    assert noted == known(world)
    assert loaded
    assert rejected
    assert short
    assert (loaded.state, loaded.decided_by, loaded.is_complete) == ("loaded", None, True)
    assert (rejected.state, rejected.decided_by) == ("rejected", "wang")
    assert (short.state, short.is_complete) == ("landed", False)
    assert "the platform counts" in short.problems[0]
    assert tried is None
    assert stat.S_IMODE((world.landed()[0] / DECISION).stat().st_mode) == 0o600


def test_who_approved_it_stays_known_when_it_is_loaded_again(world: World) -> None:
    world.sync(now=NOW)
    world.query("update ops.snapshot set decided_by = 'li'")
    replay(world.make_run(), after=NOW - HOUR, until=NOW)
    assert [decision and decision.decided_by for decision in read_noted(world)] == ["li"]


@pytest.mark.parametrize("left_over", ["nothing", "an older word"])
def test_what_a_killed_process_did_not_note_is_noted_by_the_next_sync(world: World, left_over: str) -> None:
    """Also what was decided before there were such notes."""
    world.sync(now=NOW)
    path = world.landed()[0] / DECISION
    if left_over == "nothing":
        path.unlink()
    else:
        write_decision(f"file://{path.parent}", replace_decision(world, state="landed", decided_at=NOW - HOUR))
    world.query("update ops.snapshot set noted_at = null")

    world.sync(now=NOW + HOUR)

    assert read_noted(world) == known(world)
    assert world.query(UNNOTED) == [(0,)]


def replace_decision(world: World, **changes: Any) -> Decision:
    [first, *_] = known(world)
    assert first
    return Decision(**{name: getattr(first, name) for name in Decision.__struct_fields__} | changes)


def test_older_word_never_replaces_a_newer_one(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """A warehouse that was restored from a backup knows less than the landing zone."""
    world.sync(now=NOW)
    newer = replace_decision(world, state="rejected", decided_by="wang", decided_at=datetime.now(UTC) + HOUR)
    write_decision(f"file://{world.landed()[0]}", newer)
    world.query("update ops.snapshot set noted_at = null")

    world.sync(now=NOW + HOUR)

    assert read_noted(world)[0] == newer
    assert "was rejected later than this warehouse knows" in caplog.text
    assert "run `orgsync rebuild acme`" in caplog.text
    assert world.query(STATES)[0] == (NOW, "loaded")


def test_what_is_decided_next_is_later_even_if_the_clock_of_a_new_server_is_behind(world: World) -> None:
    world.sync(now=NOW)
    ahead = datetime.now(UTC) + timedelta(days=1)
    world.query("update ops.snapshot set decided_at = %s", ahead)
    replay(world.make_run(), after=NOW - HOUR, until=NOW)
    [decision] = read_noted(world)
    assert decision
    assert decision.decided_at > ahead


def test_landing_zone_that_cannot_be_written_does_not_undo_what_was_decided(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr(registry, "write_decision", refuse)
        assert world.sync(now=NOW)["outcome"] == "succeeded"
    assert "not in the landing zone yet: read-only file system" in caplog.text
    assert read_noted(world) == [None]
    world.sync(now=NOW + HOUR)
    assert read_noted(world) == known(world)


def change_text(path: Path) -> None:
    path.write_text("{")


def copy_other(path: Path) -> None:
    path.write_text(path.read_text().replace("20261125T031700", "20261125T021700"))


@pytest.mark.parametrize("damage", [change_text, copy_other])
def test_what_a_damaged_note_says_is_not_guessed(world: World, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture) -> None:
    """It might have been rejected: so it is not even registered."""
    world.sync(now=NOW)
    damage(world.landed()[0] / DECISION)
    world.query("truncate ops.snapshot, org.department_version, org.user_version, org.membership_version cascade")
    world.sync(now=NOW + HOUR)
    assert world.query(STATES) == [(NOW + HOUR, "loaded")]
    assert "not registered" in caplog.text
