"""The DAG `org_doctor` keeps what it finds, and fails as its tenants do."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.dags.conftest import DAGS, run_script
from tests.integration.world import World

TENANTS = """
tenants:
  - {id: acme, platform: dingtalk, conn_id: acme_dingtalk, language: both}
  - {id: beta, platform: dingtalk, conn_id: nowhere}
"""
BROKEN = "select tenant_id, name from ops.doctor_check where outcome = 'broken' order by 1, 2"

RunDag = Callable[[], tuple[dict[str, Any], str]]


@pytest.fixture
def run_dag(world: World, airflow_home: Path) -> RunDag:
    world.settings.tenants_file.write_text(TENANTS, encoding="utf-8")

    def run() -> tuple[dict[str, Any], str]:
        environment = {name: value for name, value in os.environ.items() if name.startswith("AIRFLOW_CONN_")}
        environment |= {"ORGSYNC_TENANTS": str(world.settings.tenants_file), "ORGSYNC_LANDING_ZONE": world.settings.landing_zone}
        environment |= {"ORGSYNC_REPORTS": str(world.settings.report_folder)}
        return run_script(airflow_home, "run_dag.py", str(DAGS), "org_doctor", "{}", **environment)

    return run


def test_what_is_broken_fails_its_task_and_no_other(run_dag: RunDag, world: World) -> None:
    result, output = run_dag()
    assert result["tasks"] == {"examine_surroundings": "success", "examine_acme": "success", "examine_beta": "failed"}, output
    assert result["state"] == "failed"
    assert "there is no Airflow connection 'nowhere'" in output
    assert world.query("select count(*) > 12 from ops.doctor_check where tenant_id = 'acme' and outcome = 'ok'") == [(True,)]
    assert world.query(BROKEN) == [("beta", "connection")]


def test_log_speaks_the_tenants_languages(run_dag: RunDag, world: World) -> None:
    world.control("PUT", "settings", {"app_enabled": False})
    result, output = run_dag()
    assert result["tasks"]["examine_acme"] == "failed"
    assert "Enable the app in DingTalk's admin console" in output
    assert "在钉钉管理后台启用应用" in output
