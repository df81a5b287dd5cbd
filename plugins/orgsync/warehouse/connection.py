"""Opens the warehouse and turns its driver's errors into ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import psycopg2
import psycopg2.errorcodes
from psycopg2.extensions import connection as Connection

from orgsync.errors import ConfigurationError, OrgsyncError, StatementError, WarehouseUnavailableError

SESSION = "-c TimeZone=UTC -c DateStyle=ISO -c client_min_messages=warning"
# The server ends no session of ours for being idle between two statements, but one that stands still inside a transaction: a process
# that is frozen there keeps its tenant locked. And it soon notices a machine that vanished without a word.
PATIENCE = "-c idle_session_timeout=0 -c idle_in_transaction_session_timeout=300s -c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10"
# What lies between (a firewall, a load balancer) sees life in a session whose statement takes long, and we see that the server is gone.
KEEP_ALIVE: dict[str, Any] = {
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
LOST = ("08", "57P")  # SQLSTATE classes: connection exception, operator intervention
PASSING = ("40", "53", "55P03", "57")  # rolled back for another's sake, out of resources, a lock not available, cancelled
ASKED_WRONGLY = "NT001"  # our own functions' word for what whoever called them has to mend
VALUES = ("22", "38", "P0")  # data exceptions quote the value; a function of somebody's says what it likes
READ_ONLY = "25006"
SET_WRONGLY = (
    "invalid ",
    "could not parse ",
    'root certificate file "',
    'certificate file "',
    'private key file "',
)  # how libpq begins, before it calls


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
def open_warehouse(address: Address, *, commits_each: bool = False) -> Iterator[Connection]:
    """A connection that commits when the block ends and rolls back when it raises; or one that `commits_each` statement by itself.

    Raises WarehouseUnavailableError when there is no connection to be had or it is lost on the way, and what `translate` says
    when the server refuses a statement.
    """
    connection = connect(address)
    connection.autocommit = commits_each
    try:
        # Leaving the block of a connection ends the transaction; one that commits each statement would begin one by it.
        with nullcontext() if commits_each else connection:
            yield connection
    except psycopg2.Error as error:
        # Not even as its cause: the driver's error quotes the row it stumbled over.
        raise translate(error, address, is_lost=bool(connection.closed)) from None
    finally:
        connection.close()


def connect(address: Address) -> Connection:
    """A connection that whoever asks for it closes; `open_warehouse` does that by itself."""
    try:
        connection: Connection = psycopg2.connect(
            host=address.host,
            port=address.port,
            dbname=address.database,
            user=address.user,
            password=address.password,
            sslmode=address.sslmode,
            connect_timeout=10,
            application_name="orgsync",
            client_encoding="UTF8",
            options=f"{SESSION} {PATIENCE} -c statement_timeout={address.statement_timeout_seconds}s",
            **KEEP_ALIVE,
        )
        return connection
    except psycopg2.Error as error:
        refused = _refuse(str(error), address)
    except UnicodeDecodeError as error:  # a server that speaks its own language before it knows ours
        refused = _refuse(error.object.decode("gb18030", errors="replace"), address)
    except ValueError:  # NUL, or half a character
        refused = ConfigurationError(f"the Airflow connection {address.conn_id!r} holds characters that nobody can send; type it in again")
    # Outside the handlers: the driver's own error may hold the password.
    raise refused


def _refuse(said: str, address: Address) -> OrgsyncError:
    """What kept a connection from coming about: settings that no server was asked about yet, or what a server or the network said."""
    first = said.strip().splitlines()[0] if said.strip() else "no further word"
    if first.startswith(SET_WRONGLY):
        return ConfigurationError(f"the Airflow connection {address.conn_id!r} of the warehouse is not right: {first}")
    return WarehouseUnavailableError(
        f"the warehouse at {_place(address)} does not take connections: {first}. "
        f"Check that it runs, and host, port and password of the Airflow connection {address.conn_id!r}"
    )


def translate(error: psycopg2.Error, address: Address, *, is_lost: bool) -> OrgsyncError:
    """What the server refused and what to do, without the row: `DETAIL` and `CONTEXT` of its answer are people's data."""
    code, said = error.pgcode or "", error.diag.message_primary or type(error).__name__
    if is_lost or code.startswith(LOST):
        return WarehouseUnavailableError(f"the warehouse at {_place(address)} dropped the connection; the step can be run again")
    if code == psycopg2.errorcodes.INSUFFICIENT_PRIVILEGE:
        return ConfigurationError(
            f"the login {address.user!r} of connection {address.conn_id!r} may not do this: {said}. "
            "A sync needs a member of orgsync_loader, `orgsync migrate` the owner of the schemas"
        )
    if code == READ_ONLY:
        return WarehouseUnavailableError(
            f"the warehouse at {_place(address)} takes no writes: it is a standby, or a failover is under way; the step can be run again. "
            f"If it stays so, let connection {address.conn_id!r} name the primary, and look at its default_transaction_read_only"
        )
    if code == ASKED_WRONGLY:
        return ConfigurationError(said)
    if code.startswith(PASSING):
        return WarehouseUnavailableError(
            f"the warehouse at {_place(address)} gave up a statement ({code}: {said}); the step can be run again"
        )
    words = words_of(error)
    where = "/".join(filter(None, (error.diag.schema_name, error.diag.table_name, error.diag.column_name, error.diag.constraint_name)))
    return StatementError(f"the warehouse refused a statement ({code}{' on ' + where if where else ''}: {words}); report it with this text")


def words_of(error: psycopg2.Error) -> str:
    """What the server said, unless that may quote a row: then only of which kind the error is."""
    is_raised = " at RAISE" in (error.diag.context or "")  # with a code of its own choice
    quotes = is_raised or (error.pgcode or "").startswith(VALUES)
    return type(error).__name__ if quotes or not error.diag.message_primary else error.diag.message_primary


def _place(address: Address) -> str:
    return f"{address.host}:{address.port}/{address.database}"
