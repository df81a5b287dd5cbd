"""Writes down events, in one insert that is committed before it returns; over connections that are kept, for opening one takes longer."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import psycopg2
from psycopg2.extensions import connection as Connection
from sqlalchemy import create_engine

from orgsync.events.receiving import Row
from orgsync.warehouse.connection import Address, connect, translate
from orgsync.warehouse.migrations import check_schema
from orgsync.warehouse.statements import encode_list, execute, fetch_all

log = logging.getLogger(__name__)

MOST_CONNECTIONS = 4
WAIT_SECONDS = 0.5
MEASURED_FOR_SECONDS = 60.0


class Inbox:
    """The warehouse as what receives events writes to it. Safe to use from several threads."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._ahead, self._measured_at = 0.0, float("-inf")
        self._pool = create_engine(
            "postgresql+psycopg2://",
            creator=self._open_one,
            pool_pre_ping=True,
            pool_size=MOST_CONNECTIONS,
            max_overflow=0,
            pool_timeout=WAIT_SECONDS,
            pool_recycle=600,
        )

    def save(self, rows: Sequence[Row]) -> int:
        """Once this returns, they are kept; how many were new. Raises WarehouseUnavailableError, and whatever `translate` makes of it."""
        with self._borrow() as connection:
            return execute(connection, "events/save_event", rows=encode_list(list(rows)))

    def count_refusals(self, tenant_id: str, reason: str, refusals: int) -> None:
        with self._borrow() as connection:
            execute(connection, "events/count_refusals", tenant_id=tenant_id, reason=reason, refusals=refusals)

    def measure(self) -> None:
        """By how much the warehouse's clock is ahead of this machine's: all times are the warehouse's."""
        with self._borrow() as connection:
            [row] = fetch_all(connection, "events/read_clock")
        self._ahead, self._measured_at = row["seconds"] - time.time(), time.monotonic()

    @property
    def is_measured(self) -> bool:
        return time.monotonic() - self._measured_at < MEASURED_FOR_SECONDS

    @property
    def now(self) -> float:
        """The warehouse's time, in seconds since 1970; this machine's before it was first asked. Asks nobody."""
        return time.time() + self._ahead

    def close(self) -> None:
        self._pool.dispose()

    @contextmanager
    def _borrow(self) -> Iterator[Connection]:
        pooled = self._pool.raw_connection()
        connection = cast("Connection", pooled.driver_connection)
        try:
            yield connection
        except psycopg2.Error as error:
            is_lost = bool(connection.closed)
            if is_lost:
                pooled.invalidate()
            raise translate(error, self._address, is_lost=is_lost) from None
        finally:
            pooled.close()

    def _open_one(self) -> Any:
        connection = connect(self._address)
        check_schema(connection)
        connection.commit()
        connection.autocommit = True  # one statement, kept once it returns
        return connection
