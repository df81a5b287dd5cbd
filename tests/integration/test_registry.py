"""What landed is never lost: the warehouse gets to know it, also where the process that read it was killed."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

import pytest

from orgsync.pipeline import extract_snapshot
from tests.integration.world import World

NOW = datetime(2026, 11, 25, 3, 17, tzinfo=UTC)
STATES = "select taken_at, state from ops.snapshot order by taken_at"


def forget(world: World, snapshot_id: str) -> None:
    """As if the process that read it had been killed before it was registered."""
    world.query("update ops.sync_run set snapshot_id = null where snapshot_id = %s", snapshot_id)
    world.query("delete from ops.snapshot where snapshot_id = %s", snapshot_id)


def test_snapshot_that_landed_and_was_not_registered_is_registered_by_the_next_sync(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.sync(now=NOW)
    world.control("POST", "evolve", {"joined": 2})
    forget(world, extract_snapshot(world.make_run(), mode="full", now=NOW + timedelta(hours=1)))

    world.sync(now=NOW + timedelta(hours=2))

    assert world.query(STATES) == [(NOW, "loaded"), (NOW + timedelta(hours=1), "landed"), (NOW + timedelta(hours=2), "loaded")]
    assert "registered 1 snapshots of tenant acme" in caplog.text
    caplog.clear()
    world.sync(now=NOW + timedelta(hours=3))
    assert "registered" not in caplog.text


def test_folder_that_was_copied_or_damaged_is_not_registered_and_named(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.sync(now=NOW)
    [landed] = world.landed()
    shutil.copytree(landed, landed.with_name("20261125T040000.000000Z"))
    damaged = shutil.copytree(landed, landed.with_name("20261125T050000.000000Z"))
    (damaged / "manifest.json").write_text("{")

    assert world.sync(now=NOW + timedelta(hours=3))["outcome"] == "unchanged"

    assert len(world.query(STATES)) == 2
    assert "20261125T040000.000000Z holds the snapshot acme/20261125T031700.000000Z" in caplog.text
    assert "20261125T050000.000000Z/manifest.json is no manifest" in caplog.text
