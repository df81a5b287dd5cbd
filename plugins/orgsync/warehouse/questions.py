"""What a person asks the warehouse in SQL: one statement, answered as a role that can only read, whoever connects."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection

from orgsync.errors import ConfigurationError
from orgsync.warehouse.connection import ASKED_WRONGLY, LOST
from orgsync.warehouse.statements import describe, fetch_all

_NUMERIC = 1700
_READ: Mapping[int, Callable[[Any], Any]] = {
    700: float,
    701: float,
    1082: date.fromisoformat,
    1114: datetime.fromisoformat,
    1184: datetime.fromisoformat,
    _NUMERIC: Decimal,
}
"""By the number of its type in PostgreSQL: what JSON says less exactly than the server."""


@dataclass(frozen=True)
class Answer:
    """Instants are UTC. Two columns may have the same name."""

    columns: list[str]
    rows: list[list[Any]]


def ask(connection: Connection, statement: str) -> Answer:
    """Raises ConfigurationError with the server's words where it is no query, is several, or may not read what it names.

    Nothing else may be done in the transaction afterwards.
    """
    if not statement.strip():
        raise ConfigurationError("there is no statement to ask the warehouse")
    try:
        lines = [row["row"] for row in fetch_all(connection, "ops/answer", statement=statement)]
        columns = describe(connection, "ops/describe_answer")
    except psycopg2.Error as error:
        if connection.closed or (error.pgcode or LOST[0]).startswith((*LOST, ASKED_WRONGLY)):
            raise
        raise ConfigurationError(f"the warehouse does not take this statement: {_explain(error, statement)}") from error
    return Answer([column.name for column in columns], [_read(line, [column.type_code for column in columns]) for line in lines])


def _read(line: str, types: list[int]) -> list[Any]:
    values = json.loads(line)
    exact = json.loads(line, parse_float=Decimal) if _NUMERIC in types else values
    return [_convert(values[at] if code != _NUMERIC else exact[at], code) for at, code in enumerate(types)]


def _convert(value: Any, type_code: int) -> Any:
    """An instant that Python has no word for (`infinity`, 44 BC) stays the server's."""
    if value is None or type_code not in _READ:
        return value
    try:
        return _READ[type_code](value)
    except ValueError:
        return value


def _explain(error: psycopg2.Error, statement: str) -> str:
    """The server's words, and where in the statement it stopped; they are for whoever typed it, so they may quote values."""
    said = error.diag.message_primary or str(error).strip()
    parts = [said]
    if error.pgcode in ("42P11", "0A000") and ("cursor" in said or "non-volatile" in said):
        parts.append("it takes one query that only reads: select, with, values, table")
    if error.diag.message_hint:
        parts.append(error.diag.message_hint.rstrip("."))
    if error.diag.internal_query == statement and error.diag.internal_position:
        before = statement[: int(error.diag.internal_position) - 1]
        column = len(before) - before.rfind("\n")
        parts.append(f"at line {before.count(chr(10)) + 1}, column {column}")
    return "; ".join(parts)
