"""Folders that cannot be used are named, with the setting that says where they are; nothing is half-written."""

from __future__ import annotations

from dataclasses import replace
from errno import EIO, ENOSPC
from pathlib import Path
from typing import Any

import pytest

from orgsync.errors import ConfigurationError, OrgsyncError, StorageUnavailableError
from orgsync.landing import zone as landing
from orgsync.sync.pipeline import sync
from tests.integration.world import Command, World


def assert_told(world: World, error: type[OrgsyncError], words: str, **changes: Any) -> None:
    run = world.make_run()
    with pytest.raises(error, match=words) as caught:
        sync(replace(run, settings=replace(run.settings, **changes)), mode="full", dry_run=False)
    assert world.query("select outcome, error from ops.sync_run") == [("failed", str(caught.value))]
    assert world.history() == [[], [], []]


@pytest.mark.parametrize("name", ["landing", "n" * 300])
def test_landing_zone_that_cannot_be_written(world: World, tmp_path: Path, name: str) -> None:
    (tmp_path / "a file").write_text("")
    assert_told(
        world, ConfigurationError, "cannot be read or written.*ORGSYNC_LANDING_ZONE", landing_zone=f"file://{tmp_path}/a file/{name}"
    )


def test_folder_of_reports_that_cannot_be_written(world: World, tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("")
    assert_told(world, ConfigurationError, "cannot be read or written.*ORGSYNC_REPORTS", report_folder=tmp_path / "a file" / "reports")


def test_folder_of_one_machine_is_refused_where_tasks_run_on_several(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It failed only when another worker looked for what the first had read, as if retention had removed it."""
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    assert_told(world, ConfigurationError, r"is a folder of one machine.*CeleryExecutor.*ORGSYNC_LANDING_ZONE.*ORGSYNC_FOLDERS_ARE_SHARED")
    assert world.landed() == []
    run = world.make_run()
    assert sync(replace(run, settings=replace(run.settings, folders_are_shared=True)), mode="full", dry_run=False)["outcome"] == "succeeded"


@pytest.mark.parametrize(
    ("number", "error", "words"),
    [
        pytest.param(ENOSPC, ConfigurationError, "users.jsonl.gz.*No space left.*with room left", id="full"),
        pytest.param(EIO, StorageUnavailableError, "users.jsonl.gz.*can be run again", id="share that is away"),
    ],
)
def test_disk_that_refuses_in_the_middle_of_a_read_leaves_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, number: int, error: type[OrgsyncError], words: str
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(number, "No space left on device" if number == ENOSPC else "Input/output error", "users.jsonl.gz")

    monkeypatch.setattr(landing.SnapshotWriter, "record", refuse)
    assert_told(world, error, words)
    assert world.landed() == []


def test_command_tells_it_in_one_line(world: World, command: Command, tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("")
    done = command("sync", "acme", ORGSYNC_LANDING_ZONE=f"file://{tmp_path}/a file/landing")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "ORGSYNC_LANDING_ZONE" in done.stderr
