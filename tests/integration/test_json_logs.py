"""What the command says, as JSON: an object a line, with what it is about in fields, and no secret."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from tests.integration.world import Command, World, set_platform


def test_lines_of_a_sync_are_objects_that_say_tenant_run_step_and_snapshot(command: Command, world: World) -> None:
    done = command("--log-format", "json", "sync", "acme")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert lines
    [(run_id, snapshot_id)] = world.query("select run_id, snapshot_id from ops.sync_run")
    reading = next(line for line in lines if line["event"].startswith("reading tenant acme"))
    assert {
        "tenant": "acme",
        "run": run_id,
        "step": "extract",
        "level": "info",
        "logger": "orgsync.sync.extracting",
    }.items() <= reading.items()
    assert datetime.fromisoformat(reading["timestamp"]).tzinfo
    assert all(line.get("snapshot", snapshot_id) == snapshot_id for line in lines)
    assert "succeeded" in done.stdout


def test_error_is_an_object_too_and_holds_no_secret(command: Command, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    set_platform(monkeypatch, world.sandbox, password="not-the-secret")
    done = command("sync", "acme", ORGSYNC_LOG_FORMAT="json")
    assert done.returncode == 1
    *_, error = [json.loads(line) for line in done.stderr.splitlines()]
    assert (error["level"], "40096" in error["event"]) == ("error", True)
    assert "not-the-secret" not in done.stderr + done.stdout


def test_nobody_writes_a_line_of_their_own(command: Command, world: World) -> None:
    """A name that a tenants file gives may hold line ends; each line is one object still."""
    world.settings.tenants_file.write_text('tenants:\n  - {id: "a\\nb\\u202e", platform: dingtalk, conn_id: x}\n', encoding="utf-8")
    done = command("sync", "acme", ORGSYNC_LOG_FORMAT="json")
    assert done.returncode == 2
    assert [json.loads(line)["level"] for line in done.stderr.splitlines()] == ["error"]
    assert "\u202e" not in done.stderr


def test_format_that_there_is_not_is_wrong_usage(command: Command) -> None:
    assert command("status", ORGSYNC_LOG_FORMAT="xml").returncode == 2
    assert command("status", ORGSYNC_LOG_FORMAT="").returncode == 0
