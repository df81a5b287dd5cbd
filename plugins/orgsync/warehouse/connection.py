"""Opens the warehouse and turns its driver's errors into ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg2
import psycopg2.errorcodes
from psycopg2.extensions import connection as Connection

from orgsync.errors import ConfigurationError, OrgsyncError, StatementError, WarehouseUnavailableError

SESSION = "-c TimeZone=UTC -c DateStyle=ISO -c client_min_messages=warning"
LOST = ("08", "57P")  # SQLSTATE classes: connection exception, operator intervention
PASSING = ("40", "53", "55P03", "57")  # rolled back for another's sake, out of resources, a lock not available, cancelled
ASKED_WRONGLY = "NT001"  # our own functions' word for what whoever called them has to mend
VALUES = "22"  # data exception: the server's own words quote the value


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

    Raises WarehouseUnavailableError when there is no connection to be had or it is lost on the way, and what `_translate` says
    when the server refuses a statement.
    """
    connection = _connect(address)
    try:
        with connection:
            yield connection
    except psycopg2.Error as error:
        # Not even as its cause: the driver's error quotes the row it stumbled over.
        raise _translate(error, address, is_lost=bool(connection.closed)) from None
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


def _translate(error: psycopg2.Error, address: Address, *, is_lost: bool) -> OrgsyncError:
    """What the server refused and what to do, without the row: `DETAIL` and `CONTEXT` of its answer are people's data."""
    code, said = error.pgcode or "", error.diag.message_primary or type(error).__name__
    if is_lost or code.startswith(LOST):
        return WarehouseUnavailableError(f"the warehouse at {_place(address)} dropped the connection; the step can be run again")
    if code == psycopg2.errorcodes.INSUFFICIENT_PRIVILEGE:
        return ConfigurationError(
            f"the login {address.user!r} of connection {address.conn_id!r} may not do this: {said}. "
            "A sync needs a member of orgsync_loader, `orgsync migrate` the owner of the schemas"
        )
    if code == ASKED_WRONGLY:
        return ConfigurationError(said)
    if code.startswith(PASSING):
        return WarehouseUnavailableError(
            f"the warehouse at {_place(address)} gave up a statement ({code}: {said}); the step can be run again"
        )
    words = type(error).__name__ if code.startswith(VALUES) else said
    where = "/".join(filter(None, (error.diag.schema_name, error.diag.table_name, error.diag.column_name, error.diag.constraint_name)))
    return StatementError(f"the warehouse refused a statement ({code}{' on ' + where if where else ''}: {words}); report it with this text")


def _place(address: Address) -> str:
    return f"{address.host}:{address.port}/{address.database}"
