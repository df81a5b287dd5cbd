"""Reads what a platform needs from an Airflow connection, or says which field to fill."""

from __future__ import annotations

from typing import Any, Protocol

from orgsync.errors import ConfigurationError


class ConnectionFields(Protocol):
    """The part of Airflow's Connection that is read here."""

    conn_id: str
    host: str | None
    port: int | None
    schema: str | None
    login: str | None
    password: str | None

    @property
    def extra_dejson(self) -> dict[str, Any]: ...


def read_required(connection: ConnectionFields, field: str, *, missing: str, hint: str) -> str:
    """`connection 'x' has no secret; set its password to the app secret`."""
    value = (getattr(connection, field) or "").strip()
    if not value:
        raise ConfigurationError(f"connection {connection.conn_id!r} has no {missing}; set its {field} to {hint}")
    return str(value)


def read_base_url(connection: ConnectionFields, default: str) -> str:
    """The host may be a whole URL, or a name whose scheme stands in `schema` (https if nowhere)."""
    host = (connection.host or "").strip().rstrip("/")
    if not host:
        return default
    url = host if "://" in host else f"{connection.schema or 'https'}://{host}"
    return f"{url}:{connection.port}" if connection.port else url


def read_number(connection: ConnectionFields, extra: str, default: float) -> float:
    value = connection.extra_dejson.get(extra)
    if value in (None, ""):
        return default
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not 0 <= number < 1_000_000:
        raise ConfigurationError(f"connection {connection.conn_id!r} has {extra}={value!r}; set it to a number of 0 or more")
    return number
