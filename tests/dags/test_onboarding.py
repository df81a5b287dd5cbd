"""`orgsync import-config --write` makes the connection in Airflow's database, encrypted, and adds the stanza."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from orgsync.tenants import load_tenants
from tests.unit.onboarding.samples import QIYEWEIXIN

TENANTS = "# ours\ntenants:\n  - {id: beta, platform: dingtalk, conn_id: beta}  # stays\n"


def run(airflow_home: Path, tenants: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A process of its own: Airflow, once it is imported, keeps to the home it found then."""
    environment = os.environ | {"AIRFLOW_HOME": str(airflow_home), "ORGSYNC_TENANTS": str(tenants)}
    command = [sys.executable, "-c", "from orgsync.cli.main import main; main()", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_connection_and_stanza_are_written_once(airflow_home: Path, tmp_path: Path) -> None:
    tenants, file = tmp_path / "tenants.yaml", tmp_path / "qiyeweixin.json"
    tenants.write_text(TENANTS, encoding="utf-8")
    file.write_text(QIYEWEIXIN, encoding="utf-8")
    done = run(airflow_home, tenants, "import-config", str(file), "--id", "wecom_acme", "--write")
    assert done.returncode == 0, done.stderr
    assert "app-secret" not in done.stdout + done.stderr
    assert [tenant.id for tenant in load_tenants(tenants)] == ["beta", "wecom_acme"]
    assert tenants.read_text(encoding="utf-8").startswith(TENANTS)

    found = subprocess.run(
        [".venv/bin/airflow", "connections", "get", "wecom_acme", "-o", "json"],
        env=os.environ | {"AIRFLOW_HOME": str(airflow_home)},
        capture_output=True,
        text=True,
        check=True,
    )
    [connection] = json.loads(found.stdout)
    assert (connection["conn_type"], connection["login"]) == ("wecom", "wwsandbox")

    again = run(airflow_home, tenants, "import-config", str(file), "--id", "wecom_acme", "--write")
    assert (again.returncode, "there is a connection 'wecom_acme' already" in again.stderr) == (2, True)
