"""Finds Airflow connections: in a task, in the API server, or from AIRFLOW_CONN_* without a running Airflow."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from orgsync.errors import ConfigurationError


def has_connection(conn_id: str) -> bool:
    try:
        BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        return False
    return True


def find_connection(conn_id: str, *, conn_type: str) -> Any:
    """Raises ConfigurationError when there is none of that name, or when it is of another type.

    Every use of a connection comes through here, so that no secret goes to a service that it is not for.
    """
    try:
        found = BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        raise ConfigurationError(f"there is no Airflow connection {conn_id!r}; add one of type {conn_type} (Admin → Connections)") from None
    if found.conn_type != conn_type:
        kind = f"is of type {found.conn_type!r}" if found.conn_type else "has no type"
        raise ConfigurationError(
            f"connection {conn_id!r} {kind}, and what uses it needs {conn_type!r}; nothing was sent to it. "
            f"Name another connection, or set its type to {conn_type} if the rest of it is right"
        )
    return found
