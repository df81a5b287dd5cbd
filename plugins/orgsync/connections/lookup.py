"""Looks a connection up where Airflow would, in its order: secrets backends, the environment, its database; without importing Airflow.

Nothing is guessed: whatever is not plainly readable here is left to Airflow itself, which takes some seconds to import.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from orgsync.connections.airflow_options import AirflowOptions, UnclearError
from orgsync.connections.metadata import read_stored
from orgsync.connections.written import Connection, read_connection

# Where a secrets backend is named; it comes before the environment, and only Airflow can ask it.
_BACKENDS = (("secrets", "backend"), ("workers", "secrets_backend"))
# In the names of a team's own variables, which a deployment with teams hides from the others.
_TEAM = "___"


def look_up(conn_id: str, environ: Mapping[str, str] = os.environ) -> Connection | None:
    """The very connection that Airflow would find; None where only Airflow can tell."""
    options = AirflowOptions(environ)
    if _TEAM in conn_id or any(options.names(section, key) for section, key in _BACKENDS):
        return None
    try:
        if text := environ.get(f"AIRFLOW_CONN_{conn_id.upper()}"):
            return read_connection(conn_id, text)
        # Only a process that counts as one of Airflow's servers may ask its database; the command does.
        return read_stored(conn_id, options) if environ.get("_AIRFLOW_PROCESS_CONTEXT") == "server" else None
    except UnclearError:
        return None
