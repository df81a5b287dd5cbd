"""Reads a connection out of Airflow's database, where its address and its key are plainly configured."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

from orgsync.connections.airflow_options import AirflowOptions, UnclearError
from orgsync.connections.written import Connection

# No promised interface of Airflow's: where a column is gone or the table is another, Airflow is asked. A team's own connections are
# not ours. Not in include/sql, whose statements are the warehouse's.
_COLUMNS = "conn_type, description, host, schema, login, password, port, extra, is_encrypted, is_extra_encrypted"
_FIND = f"select {_COLUMNS} from connection where team_name is null and conn_id = "  # noqa: S608 - constants
_CONNECT_SECONDS = 10


def read_stored(conn_id: str, options: AirflowOptions) -> Connection:
    """Raises UnclearError where only Airflow can tell: another database, another schema, a key that does not fit, no such connection."""
    row = _fetch_row(options.read("database", "sql_alchemy_conn"), conn_id)
    if row is None:
        raise UnclearError(f"connection {conn_id!r} is not in Airflow's database")
    conn_type, description, host, schema, login, password, port, extra, is_encrypted, is_extra_encrypted = row
    return Connection(
        conn_id,
        conn_type=conn_type,
        description=description,
        host=host,
        schema=schema,
        login=login,
        password=_decrypt(password, options) if password and is_encrypted else password,
        port=port,
        extra=_decrypt(extra, options) if extra and is_extra_encrypted else extra,
    )


def _fetch_row(address: str, conn_id: str) -> tuple[Any, ...] | None:
    scheme = urlsplit(address).scheme
    if scheme in ("postgresql", "postgresql+psycopg2"):
        return _fetch_from_postgres(address.replace(scheme, "postgresql", 1), conn_id)
    if scheme == "sqlite" and address.startswith("sqlite:////") and "?" not in address:
        return _fetch_from_sqlite(address.removeprefix("sqlite:///"), conn_id)
    raise UnclearError("Airflow's database")


def _fetch_from_postgres(address: str, conn_id: str) -> tuple[Any, ...] | None:
    import psycopg2

    try:
        with closing(psycopg2.connect(address, connect_timeout=_CONNECT_SECONDS)) as connection, connection.cursor() as cursor:
            connection.set_session(readonly=True, autocommit=True)
            cursor.execute(f"{_FIND}%s", (conn_id,))
            row: tuple[Any, ...] | None = cursor.fetchone()
            return row
    except psycopg2.Error:
        problem = UnclearError("Airflow's database")
    raise problem  # outside the handler: the driver's error may quote the address


def _fetch_from_sqlite(path: str, conn_id: str) -> tuple[Any, ...] | None:
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=_CONNECT_SECONDS)) as connection:
            row: tuple[Any, ...] | None = connection.execute(f"{_FIND}?", (conn_id,)).fetchone()
            return row
    except sqlite3.Error as error:
        raise UnclearError("Airflow's database") from error


def _decrypt(text: str, options: AirflowOptions) -> str:
    from cryptography.fernet import Fernet, InvalidToken, MultiFernet

    keys = options.read("core", "fernet_key").split(",")
    try:
        return MultiFernet([Fernet(key.encode()) for key in keys]).decrypt(text.encode()).decode()
    except (InvalidToken, ValueError):
        problem = UnclearError("[core] fernet_key")
    raise problem  # outside the handler: the library's error may hold the key
