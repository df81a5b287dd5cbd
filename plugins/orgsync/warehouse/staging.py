"""Copies tidy frames into stage tables."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec
from psycopg2.extensions import connection as Connection

from orgsync.frames import FRAMES, TidySet
from orgsync.warehouse.statements import execute, read_sql

if TYPE_CHECKING:
    import pandas as pd

CHUNK_ROWS = 50_000


def stage_rows(connection: Connection, plan_id: int, tidy: TidySet) -> None:
    """Copy the three frames, each under its plan, which is new: nothing is staged for it yet."""
    for frame in FRAMES:
        copy_rows(connection, f"stage/copy_{frame.name}s", encode_rows(tidy.frame(frame.name)), plan_id=plan_id)
        execute(connection, f"stage/analyze_{frame.name}s")


def clear_rows(connection: Connection, plan_id: int) -> None:
    for frame in FRAMES:
        execute(connection, f"stage/clear_{frame.name}s", plan_id=plan_id)


def copy_rows(connection: Connection, statement: str, rows: pd.DataFrame, **leading: int | str) -> None:
    """Send rows through COPY, with the same leading values before each; missing values become null."""
    with connection.cursor() as cursor:
        for start in range(0, len(rows), CHUNK_ROWS):
            chunk = rows.iloc[start : start + CHUNK_ROWS].assign(**leading)[[*leading, *rows.columns]]
            cursor.copy_expert(read_sql(statement), io.StringIO(_encode_csv(chunk)))


def _encode_csv(rows: pd.DataFrame) -> str:
    # The csv module quotes only the line breaks that end its own lines, and PostgreSQL refuses any other one unquoted.
    return rows.to_csv(index=False, header=False, na_rep="", lineterminator="\r\n")


def encode_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Write lists of ids as PostgreSQL arrays and dictionaries as JSON; everything else goes as it is."""
    for column, encode in (("leader_user_ids", encode_arrays), ("attributes", encode_json)):
        if column in rows:
            encoded: Any = encode(rows[column])
            rows = rows.assign(**{column: encoded})
    return rows


def encode_json(values: Iterable[object]) -> list[str | None]:
    encode = msgspec.json.Encoder().encode
    return [encode(value).decode() if isinstance(value, dict) else None for value in values]


def encode_arrays(values: Iterable[object]) -> list[str | None]:
    return [_encode_array(value) if isinstance(value, list) else None for value in values]


def _encode_array(ids: list[str]) -> str:
    quoted = ('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in ids)
    return "{" + ",".join(quoted) + "}"
