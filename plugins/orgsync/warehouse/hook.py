"""Turns the Airflow connection of the warehouse into an address."""

from __future__ import annotations

from pathlib import Path

from orgsync.connections.finding import find_connection, has_connection
from orgsync.errors import ConfigurationError
from orgsync.settings import Settings
from orgsync.warehouse.connection import Address
from orgsync.yaml_files import refuse_file

MOST_SECONDS_OF_A_PAGE = 10
"""A page that takes longer is given up, so that nobody's curiosity keeps the warehouse busy."""
MOST_SECONDS_OF_AN_EVENT = 1
"""WeCom waits no longer for an answer; what is not stored by then is not acknowledged, and comes again."""


def find_warehouse(settings: Settings) -> Address:
    return read_address(settings.warehouse_conn_id, statement_timeout_seconds=settings.statement_timeout_seconds)


def find_owner(settings: Settings) -> Address | None:
    """The warehouse as its owner, where there is a connection for that."""
    if not has_connection(settings.owner_conn_id):
        return None
    return read_address(settings.owner_conn_id, statement_timeout_seconds=settings.statement_timeout_seconds)


def find_pages_login(settings: Settings) -> Address | None:
    """The warehouse as the pages see it, where there is a connection for that."""
    if not has_connection(settings.pages_conn_id):
        return None
    return read_address(settings.pages_conn_id, statement_timeout_seconds=MOST_SECONDS_OF_A_PAGE)


def find_receiver_login(settings: Settings) -> Address | None:
    """The warehouse as what receives events sees it, where there is a connection for that."""
    if not has_connection(settings.receiver_conn_id):
        return None
    return read_address(settings.receiver_conn_id, statement_timeout_seconds=MOST_SECONDS_OF_AN_EVENT)


def read_address(conn_id: str, *, statement_timeout_seconds: int) -> Address:
    """Raises ConfigurationError when the connection is missing or lacks a part.

    Its extra `password_file` may name a file with the password alone, as container engines mount secrets.
    """
    found = find_connection(conn_id, conn_type="postgres")
    if not found.host or not found.schema or not found.login:
        raise ConfigurationError(f"connection {conn_id!r} needs a host, a schema (the database's name) and a login")
    return Address(
        host=found.host,
        port=found.port or 5432,
        database=found.schema,
        user=found.login,
        password=found.password or _read_password(conn_id, found.extra_dejson.get("password_file")),
        conn_id=conn_id,
        statement_timeout_seconds=statement_timeout_seconds,
        sslmode=found.extra_dejson.get("sslmode", "prefer"),
    )


def _read_password(conn_id: str, file: object) -> str:
    if not file:
        return ""
    path = Path(str(file))
    try:
        password = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise ConfigurationError(f"there is no file {path}, which connection {conn_id!r} names as its password_file") from None
    except OSError as error:
        raise refuse_file(f"password_file of connection {conn_id!r},", path, error) from error
    if not password:
        raise ConfigurationError(f"the file {path}, which connection {conn_id!r} names as its password_file, is empty")
    return password
