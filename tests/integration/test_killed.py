"""kill -9 at any point of a sync: afterwards history is as before or as after, and the next sync heals."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from orgsync.errors import BusyTenantError
from orgsync.pipeline import extract_snapshot, merge_plan, plan_sync, validate_snapshot
from stack.postgres import PostgresServer
from tests.integration.world import World

SCRIPT = Path(__file__).with_name("killed_runs.py")
NOW = datetime(2026, 11, 1, tzinfo=UTC)
STRIDE = 5


@pytest.fixture
def killed(world: World, postgres: PostgresServer, tmp_path: Path) -> Any:
    """Runs a changed organization's sync over and over, killed at the points asked for, each in a warehouse of its own."""
    world.sync(now=NOW)
    world.control("POST", "evolve", {"rate": 0.1})
    template = urlsplit(world.dsn).path.strip("/")
    order = {
        "admin": postgres.dsn("postgres"),
        "dsn": postgres.dsn("{database}"),
        "template": template,
        "zone": str(tmp_path / "killed"),
        "platform": world.platform,
        "conn_id": f"acme_{world.platform}",
        "taken_at": (NOW + timedelta(hours=1)).isoformat(),
        "healed_at": (NOW + timedelta(hours=2)).isoformat(),
    }

    def run(points: list[int]) -> list[dict[str, Any]]:
        done = subprocess.run(
            [sys.executable, str(SCRIPT)],
            input=json.dumps(order | {"points": points}),
            env=os.environ | {"PYTHONPATH": str(SCRIPT.parents[2]), "PYTHONWARNINGS": "ignore"},
            capture_output=True,
            text=True,
            check=False,
            timeout=280,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        found: list[dict[str, Any]] = json.loads(done.stdout.strip().splitlines()[-1])
        return found

    return run


def test_killed_anywhere_it_is_as_before_or_as_after_and_the_next_sync_heals(killed: Any, world: World) -> None:
    [undisturbed] = killed([0])
    after = undisturbed["history"]
    tables = ("department", "user", "membership")
    before = sorted(
        row[0] for table in tables for row in world.query(f"select '{table} ' || version::text from org.{table}_version as version")
    )
    assert before != after
    assert undisturbed["points"] > 100
    everybody = sorted(user["id"] for user in world.truth()["users"])
    results = killed([*range(1, undisturbed["points"] + 1, STRIDE), undisturbed["points"]])
    states = {str(before): "before", str(after): "after"}
    ended = {states.get(str(each["history"]), f"torn at {each['point']}") for each in results}
    assert ended == {"before", "after"}
    for each in results:
        assert each["healed"] == everybody, each["point"]
        assert (each["locks"], each["unfinished"], each["staged_rows_of_dead_plans"]) == (0, [], 0), each["point"]


def test_second_reader_of_a_tenant_leaves(world: World) -> None:
    world.control("PUT", "settings", {"latency_ms": 20})
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(extract_snapshot, world.make_run(), mode="full", now=NOW)
        while not world.control("GET", "calls")["total"]:
            assert not first.done()
        with pytest.raises(BusyTenantError):
            extract_snapshot(world.make_run(), mode="full", now=NOW + timedelta(seconds=1))
        first.result()
    assert len(world.landed()) == 1


def test_second_writer_of_a_plan_waits_and_finds_it_applied(world: World) -> None:
    run = world.make_run()
    planned = plan_sync(run, validate_snapshot(run, extract_snapshot(run, mode="full", now=NOW)))
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(merge_plan, world.make_run(), planned["plan_id"]) for _ in range(2)]
        rows = sorted(each.result()["history_rows"] for each in both)
    assert rows[0] == 0
    assert rows[1] > 0
    assert {user["id"] for user in world.truth()["users"]} == {row[0] for row in world.query("select user_id from org.users")}
