"""Reads a connection as it is written in AIRFLOW_CONN_*: as JSON or as a URI, exactly as Airflow's SDK does."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from orgsync.connections.airflow_options import UnclearError

_FIELDS = {"conn_type", "description", "host", "schema", "login", "password", "port", "extra"}


@dataclass(frozen=True)
class Connection:
    """The fields of Airflow's connection, under its names. `extra` is JSON."""

    conn_id: str
    conn_type: str | None = None
    description: str | None = field(default=None, repr=False)
    host: str | None = None
    schema: str | None = None
    login: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    port: int | None = None
    extra: str | None = field(default=None, repr=False)

    @property
    def extra_dejson(self) -> Any:
        """What is no JSON is empty: Airflow has it so, with a note in its log."""
        try:
            return json.loads(self.extra) if self.extra else {}
        except json.JSONDecodeError:
            return {}


def read_connection(conn_id: str, text: str) -> Connection:
    """Raises UnclearError for what Airflow would not take, or what only Airflow knows how to take."""
    written = text.strip()
    try:
        return _read_json(conn_id, written) if written.startswith("{") else _read_uri(conn_id, written)
    except (ValueError, TypeError, AttributeError, ArithmeticError, RecursionError):
        problem = UnclearError(f"the text of connection {conn_id!r}")
    raise problem  # outside the handler: its error may quote the text


def _read_json(conn_id: str, text: str) -> Connection:
    given = json.loads(text)
    if unknown := given.keys() - _FIELDS:
        raise ValueError(unknown)
    conn_type, port, extra = (given.pop(name, None) for name in ("conn_type", "port", "extra"))
    return Connection(
        conn_id,
        conn_type=_name_type(conn_type) if conn_type else None,
        port=int(port) if port else None,
        extra=(extra if isinstance(extra, str) else json.dumps(extra)) if extra else None,
        **given,
    )


def _read_uri(conn_id: str, uri: str) -> Connection:
    """`type://login:password@host:port/schema?extra=…`, where the host may have a scheme of its own: `type://https://host`."""
    schemes, scheme = uri.count("://"), urlsplit(uri).scheme
    if not uri or schemes > 2:
        raise ValueError
    has_protocol = schemes == 2
    rest = uri.replace(f"{scheme}://", "" if has_protocol else "//")
    if has_protocol and set(rest.split("://", 1)[0]) & set("@:"):
        raise ValueError
    parts = urlsplit(rest)
    host = _read_host(parts)
    return Connection(
        conn_id,
        conn_type=_name_type(scheme),
        host=f"{parts.scheme}://{host}" if host and has_protocol and parts.scheme else host,
        schema=unquote(parts.path[1:]),
        login=unquote(parts.username) if parts.username else parts.username,
        password=unquote(parts.password) if parts.password else parts.password,
        port=parts.port,
        extra=_read_extra(parts.query),
    )


def _read_host(parts: SplitResult) -> str:
    """In lower case, but for a quoted one that holds a path: a socket's folder, say."""
    host = unquote(parts.hostname or "")
    if "/" not in host:
        return host
    return unquote(parts.netloc.rpartition("@")[2].split(":", 1)[0])


def _read_extra(query: str) -> str | None:
    if not query:
        return None
    extra = dict(parse_qsl(query, keep_blank_values=True))
    return extra["__extra__"] if "__extra__" in extra else json.dumps(extra)


def _name_type(conn_type: Any) -> Any:
    """Nobody has looked yet whether JSON gave a text."""
    if conn_type == "postgresql":
        return "postgres"
    return conn_type.replace("-", "_") if "-" in conn_type else conn_type
