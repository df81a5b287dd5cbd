"""DAG files parse to one DAG per tenant, quickly, and say what is wrong with the tenants file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.dags.conftest import DAGS, run_script

TENANTS = """
tenants:
  - id: acme
    platform: dingtalk
    conn_id: acme_dingtalk
    owner: it-operations
    schedule: "*/20 * * * *"
    full_schedule: 5 3 * * 6
    timezone: Asia/Singapore
  - id: beta
    platform: dingtalk
    conn_id: beta_dingtalk
"""


def describe(home: Path, tenants_file: Path, text: str, *, folder: Path = DAGS) -> dict[str, Any]:
    tenants_file.write_text(text, encoding="utf-8")
    found: dict[str, Any] = run_script(home, "describe_dags.py", str(folder), ORGSYNC_TENANTS=str(tenants_file))[0]
    return found


@pytest.fixture(scope="module")
def parsed(airflow_home: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return describe(airflow_home, tmp_path_factory.mktemp("tenants") / "tenants.yaml", TENANTS)


def test_every_tenant_has_its_dag(parsed: dict[str, Any]) -> None:
    assert parsed["import_errors"] == {}
    assert set(parsed["dags"]) == {"org_sync_acme", "org_sync_beta"}


def test_dag_follows_the_stanza(parsed: dict[str, Any]) -> None:
    dag = parsed["dags"]["org_sync_acme"]
    assert dag["crons"] == ["*/20 * * * *", "5 3 * * 6"]
    assert dag["timezone"] == "Asia/Singapore"
    assert dag["tags"] == ["dingtalk", "orgsync"]
    assert dag["params"] == {"mode": "auto", "dry_run": False}
    assert dag["max_active_runs"] == 1
    assert dag["catchup"] is False
    assert "acme" in dag["docs"]


def test_past_dates_are_not_read_from_a_platform_that_only_knows_now(parsed: dict[str, Any]) -> None:
    assert "backfill" not in parsed["dags"]["org_sync_acme"]["allowed_run_types"]
    assert {"scheduled", "manual"} <= set(parsed["dags"]["org_sync_acme"]["allowed_run_types"])


def test_tasks_are_extract_validate_merge_and_merge_announces_the_tenant(parsed: dict[str, Any]) -> None:
    tasks = parsed["dags"]["org_sync_acme"]["tasks"]
    assert {name: task["downstream"] for name, task in tasks.items()} == {
        "extract": ["validate"],
        "validate": ["merge"],
        "merge": [],
    }
    assert tasks["merge"]["outlets"] == ["org_warehouse.acme"]
    assert {(task["pool"], task["owner"], task["retries"], task["has_retry_policy"]) for task in tasks.values()} == {
        ("dingtalk", "it-operations", 3, True)
    }


def test_parsing_imports_nothing_heavy(parsed: dict[str, Any]) -> None:
    assert parsed["heavy_modules"] == []


def test_a_heavy_import_would_be_noticed(airflow_home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "dags"
    folder.mkdir()
    (folder / "heavy.py").write_text("from airflow.sdk import DAG\nimport pandas\n", encoding="utf-8")
    found = describe(airflow_home, tmp_path / "tenants.yaml", TENANTS, folder=folder)
    assert "pandas" in found["heavy_modules"]


def test_typo_in_the_tenants_file_is_an_import_error_naming_the_line(airflow_home: Path, tmp_path: Path) -> None:
    found = describe(airflow_home, tmp_path / "tenants.yaml", TENANTS.replace("conn_id: beta", "con_id: beta"))
    assert found["dags"] == {}
    assert "line 12: a tenant has no key 'con_id'" in found["import_errors"]["org_sync.py"]
