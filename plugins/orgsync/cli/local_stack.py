"""What the command knows of the local stack: where it is, and whether it runs."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

from orgsync.errors import MissingConnectionError, OrgsyncError, WarehouseUnavailableError
from orgsync.settings import state_folder

LOOPBACK = "127.0.0.1"
WAREHOUSE = "AIRFLOW_CONN_ORGSYNC_WAREHOUSE"
DOWN = "the local stack does not run, and with it the connections and the warehouse that it keeps. Start it with `make up`, or `make demo`"


def read_ports() -> dict[str, int]:
    """Of the stack that runs, or was killed without a word; empty where there is none."""
    stack = state_folder() / "stack.json"
    return dict(json.loads(stack.read_text(encoding="utf-8"))["ports"]) if stack.exists() else {}


def explain(error: OrgsyncError) -> str:
    """Its text; where nothing can be found because the local stack is down, that instead."""
    is_about_it = isinstance(error, (MissingConnectionError, WarehouseUnavailableError)) and _is_used()
    return DOWN if is_about_it and not _answers() else str(error)


def _is_used() -> bool:
    """Whether connections come from its database: no other warehouse was named, and Airflow's home is its."""
    home = state_folder() / "airflow"
    return not os.environ.get(WAREHOUSE) and home.exists() and Path(os.environ.get("AIRFLOW_HOME", "")) == home


def _answers() -> bool:
    port = read_ports().get("postgres")
    try:
        with socket.create_connection((LOOPBACK, port or 0), timeout=2):
            return True
    except OSError:
        return False
