"""Finds Airflow connections: in a task, in the API server, or for the command, without a running Airflow."""

from __future__ import annotations

import sys
from typing import Any

from orgsync.connections.lookup import look_up
from orgsync.errors import ConfigurationError, MissingConnectionError


def has_connection(conn_id: str) -> bool:
    return _find(conn_id) is not None


def find_type(conn_id: str) -> str:
    """Of what type a connection is; raises MissingConnectionError where there is none of that name."""
    found = _find(conn_id)
    if found is None:
        raise MissingConnectionError(f"there is no Airflow connection {conn_id!r}; add one (Admin → Connections)")
    return str(found.conn_type or "")


def find_connection(conn_id: str, *, conn_type: str) -> Any:
    """Raises ConfigurationError when there is none of that name, or when it is of another type.

    Every use of a connection comes through here, so that no secret goes to a service that it is not for.
    """
    found = _find(conn_id)
    if found is None:
        raise MissingConnectionError(f"there is no Airflow connection {conn_id!r}; add one of type {conn_type} (Admin → Connections)")
    if found.conn_type != conn_type:
        kind = f"is of type {found.conn_type!r}" if found.conn_type else "has no type"
        raise ConfigurationError(
            f"connection {conn_id!r} {kind}, and what uses it needs {conn_type!r}; nothing was sent to it. "
            f"Name another connection, or set its type to {conn_type} if the rest of it is right"
        )
    return found


def _find(conn_id: str) -> Any:
    """Where Airflow is loaded, it is asked: only it has a task's own connections, and it masks their secrets in its logs."""
    is_airflow_here = "airflow" in sys.modules
    found = None if is_airflow_here else look_up(conn_id)
    return found or _ask_airflow(conn_id)


def _ask_airflow(conn_id: str) -> Any:
    """Its import costs seconds. What it does not find here either is nowhere: None."""
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        return BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        return None
