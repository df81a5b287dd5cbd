"""The one clock: the warehouse's. A worker's own decides nothing, since another worker's differs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from psycopg2.extensions import connection as Connection

from orgsync.warehouse.statements import fetch_all

Clock = Callable[[Connection], datetime]
"""Tells what time it is, asked through a connection to the warehouse."""


def read_clock(connection: Connection) -> datetime:
    now: datetime = fetch_all(connection, "ops/read_clock")[0]["now"]
    return now


def measure_ahead(connection: Connection, clock: Clock) -> float:
    """By how many seconds this machine's clock is ahead of the warehouse's; an answer that takes long makes it half as wrong."""
    asked = datetime.now(UTC)
    shown = clock(connection)
    return ((asked - shown) + (datetime.now(UTC) - shown)).total_seconds() / 2
