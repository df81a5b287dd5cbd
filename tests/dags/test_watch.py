"""The DAG `org_watch` tells what is wrong, also where the tenants file or the warehouse is; and what its deadline notes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from orgsync.airflow_parts.slow_runs import note_slow_run
from orgsync.errors import CredentialError
from tests.dags.conftest import DAGS, run_script
from tests.integration.world import TENANTS, World, set_platform, set_warehouse

RunDag = Callable[[], tuple[dict[str, Any], str]]


@pytest.fixture
def run_dag(world: World, airflow_home: Path) -> RunDag:
    world.settings.tenants_file.write_text(TENANTS, encoding="utf-8")

    def run() -> tuple[dict[str, Any], str]:
        environment = {name: value for name, value in os.environ.items() if name.startswith("AIRFLOW_CONN_")}
        environment |= {"ORGSYNC_TENANTS": str(world.settings.tenants_file), "ORGSYNC_LANDING_ZONE": world.settings.landing_zone}
        return run_script(airflow_home, "run_dag.py", str(DAGS), "org_watch", "{}", **environment)

    return run


def test_what_is_wrong_is_kept_and_the_run_is_well(run_dag: RunDag, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    set_platform(monkeypatch, world.sandbox, password="not-the-secret")
    with pytest.raises(CredentialError):
        world.sync()
    result, output = run_dag()
    assert result["tasks"] == {"watch": "success"}, output
    assert world.query("select tenant_id, kind from ops.problem") == [("acme", "failed")]
    assert "not-the-secret" not in output


def test_tenants_file_that_cannot_be_read_does_not_stop_it(run_dag: RunDag, world: World) -> None:
    world.settings.tenants_file.write_text("tenants: [", encoding="utf-8")
    result, output = run_dag()
    assert result["tasks"] == {"watch": "success"}, output
    assert world.query("select tenant_id, kind from ops.problem") == [("", "stanza")]


def test_warehouse_that_does_not_answer_fails_the_run_and_is_remembered(
    run_dag: RunDag, world: World, monkeypatch: pytest.MonkeyPatch, free_port: int
) -> None:
    with monkeypatch.context() as patch:
        set_warehouse(patch, psycopg2.extensions.make_dsn(world.dsn, host="127.0.0.1", port=free_port))
        result, output = run_dag()
        assert result["tasks"] == {"watch": "failed"}, output
        assert "does not take connections" in output
    result, output = run_dag()
    assert result["tasks"] == {"watch": "success"}, output


@pytest.mark.parametrize(("run_type", "noted"), [("scheduled", [("acme", "r1")]), ("backfill", [])])
def test_deadline_notes_the_run_but_none_of_a_backfill(world: World, run_type: str, noted: list[tuple[str, str]]) -> None:
    for _ in range(2):
        asyncio.run(note_slow_run(tenant_id="acme", context={"dag_run": {"dag_run_id": "r1", "run_type": run_type}}))
    assert world.query("select tenant_id, run_id from ops.slow_run") == noted
