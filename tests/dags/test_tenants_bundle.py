"""DAG files are parsed anew when the tenants file has changed, however seldom they are parsed otherwise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orgsync.airflow_parts.tenants_bundle import hash_inputs
from orgsync.settings import HOME
from stack.airflow import BUNDLES
from tests.dags.conftest import DAGS, run_script

ONE, TWO = (f"tenants:\n  - {{id: {name}, platform: wecom, conn_id: c}}\n" for name in ("acme", "beta"))
OURS = sorted(file.name for file in DAGS.glob("org_*.py"))


def watch(home: Path, tenants_file: Path, *texts: str | None) -> list[list[str]]:
    environment = {"AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(BUNDLES), "ORGSYNC_TENANTS": str(tenants_file)}
    found: list[list[str]]
    found, _ = run_script(home, "watch_tenants.py", str(tenants_file), json.dumps(texts), **environment)
    return found


def test_changed_tenants_file_has_our_files_parsed_once(airflow_home: Path, tmp_path: Path) -> None:
    """What a processor starts with is no change: it parses all files then."""
    assert watch(airflow_home, tmp_path / "tenants.yaml", ONE, ONE, TWO, TWO, None, None, ONE) == [[], [], OURS, [], OURS, [], OURS]


def test_the_watch_of_the_outbox_begins_and_ends_with_its_dag(airflow_home: Path, tmp_path: Path) -> None:
    """Airflow attaches watchers where it parses, and not where somebody switches a DAG on."""
    assert watch(airflow_home, tmp_path / "tenants.yaml", ONE, "on", "on", "off") == [[], OURS, [], OURS]


def test_changed_template_counts_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stanza of a tenant may name one."""
    monkeypatch.setenv("ORGSYNC_TEMPLATES", str(tmp_path))
    before = hash_inputs()
    (tmp_path / "welcome.md").write_text("Welcome")
    first = hash_inputs()
    (tmp_path / "welcome.md").write_text("Hello")
    assert len({before, first, hash_inputs()}) == 3


def test_each_file_of_a_folder_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORGSYNC_TENANTS", str(tmp_path))
    found = [hash_inputs()]
    for name, text in (("a.yaml", ONE), ("b.yaml", TWO), ("defaults.yaml", "defaults: {}\n")):
        (tmp_path / name).write_text(text)
        found.append(hash_inputs())
    (tmp_path / ".b.yaml.swp").write_text("an editor's")
    assert hash_inputs() == found[-1]
    (tmp_path / "a.yaml").unlink()
    found.append(hash_inputs())
    assert len(set(found)) == 5


def test_server_deployment_has_the_same_bundle() -> None:
    assert json.dumps(BUNDLES) in (HOME / "docker-compose.yaml").read_text(encoding="utf-8")
