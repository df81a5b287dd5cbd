"""SQL statements, one per file below include/sql, read by name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from psycopg2.extensions import Column
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import Json

from orgsync.errors import ConfigurationError
from orgsync.settings import INCLUDE

SQL_FOLDER = INCLUDE / "sql"

Row = dict[str, Any]


@cache
def read_sql(name: str) -> str:
    """The statement in include/sql/<name>.sql, for example `history/close_users`.

    Comments are left out: they name parameters, and a value put in there could end the comment with a line break.
    """
    lines = (SQL_FOLDER / f"{name}.sql").read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("--"))


def sql_files(folder: str) -> list[Path]:
    return sorted((SQL_FOLDER / folder).glob("*.sql"))


def execute(connection: Connection, name: str, /, **parameters: object) -> int:
    """Run a statement and return how many rows it touched. Dictionaries travel as JSON."""
    with connection.cursor() as cursor:
        _execute(cursor, read_sql(name), {key: _adapt(value) for key, value in parameters.items()})
        return cursor.rowcount


def fetch_all(connection: Connection, name: str, /, **parameters: object) -> list[Row]:
    with connection.cursor() as cursor:
        _execute(cursor, read_sql(name), {key: _adapt(value) for key, value in parameters.items()})
        columns = [column.name for column in cursor.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def fetch_one(connection: Connection, name: str, /, **parameters: object) -> Row | None:
    rows = fetch_all(connection, name, **parameters)
    return rows[0] if rows else None


def describe(connection: Connection, name: str, /) -> Sequence[Column]:
    """The columns that a statement would give; its rows are left."""
    with connection.cursor() as cursor:
        _execute(cursor, read_sql(name))
        return cursor.description or ()


def _execute(cursor: Cursor, statement: str, parameters: Row | None = None) -> None:
    try:
        cursor.execute(statement, parameters)
    except ValueError:  # of the driver, before it asks the server; its own words hold the text
        raise ConfigurationError("a text that was given holds the character NUL or half a character; PostgreSQL stores neither") from None


def encode_list(rows: list[Row]) -> Json:
    """A list of rows as one JSON parameter."""
    return Json(rows)


def _adapt(value: object) -> object:
    return Json(value) if isinstance(value, dict) else value
