"""A command imports what it needs: Airflow takes seconds, pandas and Great Expectations more, and most commands need none of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.world import TENANTS, World

LEAN = Path(__file__).parent / "lean.py"


def run(world: World, *commands: list[str], **more: str) -> dict[str, Any]:
    """What the commands answered, and what was imported for them, in a process of their own."""
    world.settings.tenants_file.write_text(TENANTS, encoding="utf-8")
    home = world.settings.tenants_file.parent
    own = {
        "ORGSYNC_TENANTS": str(world.settings.tenants_file),
        "ORGSYNC_LANDING_ZONE": world.settings.landing_zone,
        "ORGSYNC_REPORTS": str(world.settings.report_folder),
        "ORGSYNC_STATE": str(home / "state"),
        "ORGSYNC_SANDBOX_URL": world.sandbox.url,
        "HOME": str(home),
    }
    environ = {name: value for name, value in os.environ.items() if name != "AIRFLOW_HOME"} | own | more
    done = subprocess.run([sys.executable, str(LEAN), json.dumps(commands)], env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_commands_that_show_and_send_import_none_of_it(world: World) -> None:
    world.sync()
    commands = [
        ["status"],
        ["check", "--operation"],
        ["report", "acme"],
        ["plan", "acme"],
        ["quarantine"],
        ["sql", "select 1"],
        ["pools"],
        ["sandbox", "status"],
        ["housekeeping", "--dry-run"],
        ["notify", "acme", "--everyone", "--body", "Hello", "--yes", "--push"],
        ["outbox"],
        ["quota"],
        ["migrate"],
    ]
    owner = os.environ["AIRFLOW_CONN_ORGSYNC_WAREHOUSE"]
    logins = dict.fromkeys(("WAREHOUSE_OWNER", "PAGES", "RECEIVER"), owner)  # none of them is looked for in Airflow
    found = run(world, *commands, **{f"AIRFLOW_CONN_ORGSYNC_{name}": login for name, login in logins.items()})
    assert found == {"codes": [None] * len(commands), "imported": []}
    assert world.query("select state from notify.message") == [("sent",)]


def test_reading_a_platform_imports_none_of_it(world: World) -> None:
    assert run(world, ["read", "acme"])["imported"] == []
    [(calls,)] = world.query("select calls from ops.sync_run")
    assert calls


def test_sync_that_finds_nothing_imports_none_of_it(world: World) -> None:
    assert run(world, ["sync", "acme", "--full"])["imported"] != []
    assert run(world, ["sync", "acme", "--full"])["imported"] == []
    assert world.query("select outcome from ops.sync_run order by started_at") == [("succeeded",), ("unchanged",)]


@pytest.mark.parametrize("option", ["--help", "sync --help"])
def test_help_imports_none_of_it(option: str) -> None:
    code = "import sys; from orgsync.cli.main import app\ntry:\n    app()\nfinally:\n    print(*sys.modules, file=sys.__stderr__)"
    done = subprocess.run([sys.executable, "-c", code, *option.split()], capture_output=True, text=True)
    assert done.returncode == 0
    loaded = set(done.stderr.split())
    assert "orgsync" in loaded
    assert not loaded & {"airflow", "great_expectations", "pandas", "sqlalchemy", "requests", "psycopg2"}
