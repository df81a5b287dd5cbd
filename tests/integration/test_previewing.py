"""`orgsync preview` says what a changed stanza would do, on what was read last; the platform is not asked and nothing is kept."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orgsync.errors import ConfigurationError
from orgsync.sync.previewing import preview
from tests.integration.world import TENANT, TENANTS, Command, World

MAPPED = "tenants:\n  - {id: acme, platform: dingtalk, conn_id: acme_dingtalk, mapping: {user: {nickname: name, work_place: title}}}\n"
KEPT = ("ops.plan", "ops.plan_change", "ops.quarantine", "ops.sync_run", "stage.user", "ops.expectation_result")


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    file = tmp_path / "changed.yaml"
    file.write_text(MAPPED, encoding="utf-8")
    return file


def counts(world: World) -> list[Any]:
    return [world.query(f"select count(*) from {table}") for table in KEPT]


def test_changed_mapping_is_shown_on_real_records_and_as_changes(command: Command, world: World, changed: Path) -> None:
    world.sync()
    before, kept = world.history(), counts(world)
    world.control("DELETE", "calls")
    done = command("preview", "acme", "--file", str(changed), "--limit", "3", "--json", "--show-personal")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    people = {user["id"]: user for user in world.truth()["users"]}
    nicknames = [cell for cell in told["cells"] if cell["column"] == "user.nickname"]
    assert len(nicknames) == 3
    assert all(cell["after"] == people[cell["key"]]["name"] and cell["before"] is None for cell in nicknames)
    assert told["plan"]["summary"]["user"] == {"updated": len(people)}
    assert {change["column_name"] for change in told["plan"]["changes"]} >= {"nickname"}
    assert (world.history(), counts(world)) == (before, kept)
    assert world.control("GET", "calls")["total"] == 0


def test_personal_data_is_masked_unless_asked_for(command: Command, world: World, changed: Path) -> None:
    world.sync()
    done = command("preview", "acme", "--file", str(changed))
    assert done.returncode == 0, done.stderr
    names = [user["name"] for user in world.truth()["users"]]
    assert [name for name in names if len(name) > 1 and name in done.stdout] == []
    assert names[0][0] + "*" in done.stdout
    assert "never applicable" in done.stdout
    assert "user.nickname" in done.stdout


def test_plan_of_a_preview_is_nowhere_to_be_approved(command: Command, world: World, changed: Path) -> None:
    world.sync()
    newest = world.query("select max(plan_id) from ops.plan")
    command("preview", "acme", "--file", str(changed))
    assert world.query("select max(plan_id) from ops.plan") == newest
    assert world.sync()["outcome"] == "unchanged", "the next sync is as if nobody had looked"


def test_same_stanza_changes_nothing(world: World) -> None:
    world.sync()
    found = preview(world.make_run(), TENANT, records=5, listed=None)
    assert (found.cells, found.plan["summary"]) == ((), {"user": {}, "department": {}})


def test_without_a_snapshot_there_is_nothing_to_preview(world: World) -> None:
    world.query("select 1")
    with pytest.raises(ConfigurationError, match="sync it once"):
        preview(world.make_run(), TENANT, records=5, listed=None)


def test_stanza_of_another_platform_is_refused(world: World) -> None:
    world.sync()
    with pytest.raises(ConfigurationError, match="cannot make anything of dingtalk"):
        preview(world.make_run(), replace(TENANT, platform="wecom"), records=5, listed=None)


def test_file_with_a_mistake_is_told_with_its_line(command: Command, world: World, tmp_path: Path) -> None:
    world.sync()
    file = tmp_path / "wrong.yaml"
    file.write_text(TENANTS.replace("conn_id", "mapping: {user: {nicknam: name}}, conn_id"), encoding="utf-8")
    done = command("preview", "acme", "--file", str(file))
    assert done.returncode == 2
    assert "line 2" in done.stderr
    assert "(is 'nickname' meant?)" in done.stderr
