"""Makes a connection in Airflow's database, by Airflow's own command: it knows how to encrypt what is secret."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orgsync.connections.finding import has_connection
from orgsync.errors import ConfigurationError


def add_connection(conn_id: str, fields: Mapping[str, Any]) -> None:
    """Raises ConfigurationError where there is one of that name, or with what Airflow said.

    The secret travels in a file that only its owner may read: a command's arguments are seen by everybody on the machine.
    """
    if has_connection(conn_id):
        raise ConfigurationError(f"there is a connection {conn_id!r} already; choose another with --conn-id, or edit that one in Airflow")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "connection.json"
        file.touch(mode=0o600)
        file.write_text(json.dumps({conn_id: dict(fields)}), encoding="utf-8")
        command = [sys.executable, "-m", "airflow", "connections", "import", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "200"})
    if done.returncode:
        last = next((line for line in reversed((done.stderr or done.stdout).splitlines()) if line.strip()), "no word")
        raise ConfigurationError(
            f"Airflow did not take the connection {conn_id!r}: {last.strip()[:300]}; print it with --show-secrets instead"
        )


def write_variable(conn_id: str, fields: Mapping[str, Any]) -> str:
    """The line for a shell or an env file by which Airflow and the command find the connection without a database."""
    text = json.dumps(dict(fields), ensure_ascii=False).replace("'", "'\\''")
    return f"export AIRFLOW_CONN_{conn_id.upper()}='{text}'"
