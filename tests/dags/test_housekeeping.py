"""The DAG `org_housekeeping` removes, skips and fails as its tenants do."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from orgsync.sync.extracting import extract_snapshot
from tests.dags.conftest import DAGS, run_script
from tests.integration.world import World, another_reader

TENANTS = """
tenants:
  - {id: acme, platform: dingtalk, conn_id: acme_dingtalk}
  - {id: beta, platform: dingtalk, conn_id: beta_dingtalk}
"""
MONTH_AGO = datetime.now(UTC).replace(hour=1) - timedelta(days=30)

RunDag = Callable[..., tuple[dict[str, Any], str]]


@pytest.fixture
def run_dag(world: World, airflow_home: Path) -> RunDag:
    """Runs it where two snapshots of one day long ago are landed, of which one may go."""
    world.settings.tenants_file.write_text(TENANTS, encoding="utf-8")
    for minutes in (0, 1):
        extract_snapshot(world.run_at(MONTH_AGO + timedelta(minutes=minutes)), mode="full")

    def run(params: str = "{}") -> tuple[dict[str, Any], str]:
        environment = {name: value for name, value in os.environ.items() if name.startswith("AIRFLOW_CONN_")}
        environment |= {"ORGSYNC_TENANTS": str(world.settings.tenants_file), "ORGSYNC_LANDING_ZONE": world.settings.landing_zone}
        environment |= {"ORGSYNC_REPORTS": str(world.settings.report_folder)}
        result, output = run_script(airflow_home, "run_dag.py", str(DAGS), "org_housekeeping", params, **environment)
        return result, output

    return run


def test_run_removes_what_is_not_kept(run_dag: RunDag, world: World) -> None:
    newest = world.landed()[-1]
    result, output = run_dag()
    assert result["tasks"] == {"look_after": "success", "clean_acme": "success", "clean_beta": "success"}, output
    assert result["state"] == "success"
    assert world.landed() == [newest]


def test_dry_run_removes_nothing(run_dag: RunDag, world: World) -> None:
    before = world.landed()
    result, _ = run_dag('{"dry_run": true}')
    assert result["state"] == "success"
    assert world.landed() == before


def test_tenant_that_is_being_read_ends_skipped(run_dag: RunDag, world: World) -> None:
    before = world.landed()
    with another_reader(world):
        result, output = run_dag()
    assert result["tasks"] == {"look_after": "success", "clean_acme": "skipped", "clean_beta": "success"}, output
    assert result["state"] == "success"
    assert "another run is reading tenant acme" in output
    assert world.landed() == before


def test_tenant_that_fails_fails_the_run_and_keeps_no_other_waiting(run_dag: RunDag, world: World) -> None:
    (Path(urlsplit(world.settings.landing_zone).path) / "beta").write_text("not a folder")
    result, output = run_dag()
    assert result["tasks"] == {"look_after": "success", "clean_acme": "success", "clean_beta": "failed"}, output
    assert result["state"] == "failed"
    assert len(world.landed()) == 1
