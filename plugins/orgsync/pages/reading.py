"""The warehouse as the pages see it: a login of their own, which reads what a reader reads and calls a handful of functions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import cast

import psycopg2
from psycopg2.extensions import connection as Connection
from sqlalchemy import create_engine
from sqlalchemy.engine import Engine

from orgsync.errors import ConfigurationError, MissingConnectionError
from orgsync.settings import Settings
from orgsync.warehouse.connection import Address, connect, translate
from orgsync.warehouse.hook import find_pages_login
from orgsync.warehouse.migrations import check_schema
from orgsync.warehouse.statements import fetch_all

MOST_CONNECTIONS = 8
MISSING = (
    "the pages have no login for the warehouse: add the Airflow connection {conn_id!r} (type postgres), its login a member of the role "
    "orgsync_pages and of no other; docs/explorer.md says how"
)
SEES_ALL = (
    "the login {user!r} of connection {conn_id!r} sees personal columns in clear, and the pages would show them to everybody: "
    "give them a login that is a member of the role orgsync_pages and of no other; docs/explorer.md says how"
)


@contextmanager
def open_reader(settings: Settings) -> Iterator[Connection]:
    """A connection that reads; what it calls (`ops.show_person` and its like) is committed when the block ends."""
    address = find_pages_login(settings)
    if address is None:
        raise MissingConnectionError(MISSING.format(conn_id=settings.pages_conn_id))
    pooled = _pool(address).raw_connection()
    connection = cast("Connection", pooled.driver_connection)
    try:
        yield connection
        connection.commit()
    except psycopg2.Error as error:
        is_lost = bool(connection.closed)
        if is_lost:
            pooled.invalidate()
        raise translate(error, address, is_lost=is_lost) from None
    finally:
        pooled.close()


@lru_cache(maxsize=4)
def _pool(address: Address) -> Engine:
    """Connections are kept, for opening one takes longer than most answers; each is tried before it is used again."""

    def open_one() -> Connection:
        connection = connect(address)
        check_schema(connection)
        if fetch_all(connection, "pages/sees_all")[0]["sees_all"]:
            raise ConfigurationError(SEES_ALL.format(user=address.user, conn_id=address.conn_id))
        fetch_all(connection, "pages/compile_nothing")
        connection.commit()
        return connection

    return create_engine(
        "postgresql+psycopg2://", creator=open_one, pool_pre_ping=True, pool_size=2, max_overflow=MOST_CONNECTIONS - 2, pool_recycle=600
    )
