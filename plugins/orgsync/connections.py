"""Finds Airflow connections: in a task, in the API server, or from AIRFLOW_CONN_* without a running Airflow."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from orgsync.errors import ConfigurationError


def find_connection(conn_id: str, *, conn_type: str) -> Any:
    """Raises ConfigurationError when there is none of that name."""
    try:
        return BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        raise ConfigurationError(f"there is no Airflow connection {conn_id!r}; add one of type {conn_type} (Admin → Connections)") from None
