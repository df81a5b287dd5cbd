"""Opens the warehouse and turns its driver's errors into ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg2
from psycopg2.extensions import connection as Connection

from orgsync.errors import WarehouseUnavailableError

SESSION = "-c TimeZone=UTC -c DateStyle=ISO -c client_min_messages=warning"
LOST = ("08", "57P")  # SQLSTATE classes: connection exception, operator intervention


@dataclass(frozen=True)
class Address:
    """Where the warehouse is. `conn_id` names the Airflow connection it came from, for error texts."""

    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)
    conn_id: str = "orgsync_warehouse"
    statement_timeout_seconds: int = 3600
    sslmode: str = "prefer"


@contextmanager
def open_warehouse(address: Address) -> Iterator[Connection]:
    """A connection that commits when the block ends and rolls back when it raises.

    Raises WarehouseUnavailableError when there is no connection to be had or it is lost on the way.
    """
    connection = _connect(address)
    try:
        with connection:
            yield connection
    except psycopg2.Error as error:
        if connection.closed or (error.pgcode or "").startswith(LOST):
            raise WarehouseUnavailableError(
                f"the warehouse at {_place(address)} dropped the connection; the step can be run again"
            ) from error
        raise
    finally:
        connection.close()


def _connect(address: Address) -> Connection:
    try:
        return psycopg2.connect(
            host=address.host,
            port=address.port,
            dbname=address.database,
            user=address.user,
            password=address.password,
            sslmode=address.sslmode,
            connect_timeout=10,
            application_name="orgsync",
            options=f"{SESSION} -c statement_timeout={address.statement_timeout_seconds}s",
        )
    except psycopg2.OperationalError as error:
        raise WarehouseUnavailableError(
            f"the warehouse at {_place(address)} does not take connections: {str(error).strip().splitlines()[0]}. "
            f"Check that it runs, and host, port and password of the Airflow connection {address.conn_id!r}"
        ) from error


def _place(address: Address) -> str:
    return f"{address.host}:{address.port}/{address.database}"
