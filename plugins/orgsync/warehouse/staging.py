"""Copies tidy frames into stage tables, column by column."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from psycopg2.extensions import connection as Connection

from orgsync.frames import FRAMES, TidySet
from orgsync.warehouse.statements import execute, read_sql

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

CHUNK_ROWS = 10_000
READ_BYTES = 1 << 18


def stage_rows(connection: Connection, plan_id: int, tidy: TidySet) -> None:
    """Copy the three frames, each under its plan, which is new: nothing is staged for it yet. What is not observed is staged as nothing."""
    for frame in FRAMES:
        rows = _silence(tidy.frame(frame.name), tidy.unobserved.get(frame.name, frozenset()))
        copy_rows(connection, f"stage/copy_{frame.name}s", rows, plan_id=plan_id)
        execute(connection, f"stage/analyze_{frame.name}s")


def clear_rows(connection: Connection, plan_id: int) -> None:
    for frame in FRAMES:
        execute(connection, f"stage/clear_{frame.name}s", plan_id=plan_id)


def _silence(rows: pd.DataFrame, unobserved: Collection[str]) -> pd.DataFrame:
    told = [column for column in unobserved if rows[column].notna().any()]
    return rows.assign(**{column: rows[column].iloc[:0].reindex(rows.index) for column in told}) if told else rows


def copy_rows(connection: Connection, statement: str, rows: pd.DataFrame, **leading: int | str) -> None:
    """Send rows through COPY, with the same leading values before each; missing values become null.

    Lists become PostgreSQL's arrays; every other value goes as its text.
    """
    if rows.empty:
        return
    with connection.cursor() as cursor:
        cursor.copy_expert(read_sql(statement), CsvStream(_write_csv(rows, leading)), size=READ_BYTES)


def _to_arrow(column: pd.Series) -> pa.ChunkedArray | pa.Array:
    import pyarrow as pa

    if column.dtype == "object":
        return pa.array([_encode(value) for value in column.where(column.notna(), None)], type=pa.large_string())
    return pa.array(column, from_pandas=True)


def _encode(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return _encode_array(value) if isinstance(value, list) else str(value)


def _encode_array(ids: list[str]) -> str:
    quoted = ('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in ids)
    return "{" + ",".join(quoted) + "}"


class CsvStream(io.RawIOBase):
    """A file of rows for COPY to read, made of chunks as they are asked for: it is never there as a whole."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._chunk = io.BytesIO()

    def read(self, size: int = -1) -> bytes:
        piece = self._chunk.read(size)
        while not piece and (chunk := next(self._chunks, None)) is not None:
            self._chunk = io.BytesIO(chunk)
            piece = self._chunk.read(size)
        return piece


def _write_csv(rows: pd.DataFrame, leading: Mapping[str, int | str]) -> Iterator[bytes]:
    """Chunk by chunk, each made into columns of its own: every text in quotes, what is missing empty."""
    import pyarrow as pa
    from pyarrow import csv

    options = csv.WriteOptions(include_header=False, quoting_style="needed")
    for start in range(0, len(rows), CHUNK_ROWS):
        chunk = rows.iloc[start : start + CHUNK_ROWS]
        columns = {name: pa.repeat(str(value), len(chunk)) for name, value in leading.items()}
        columns |= {name: _to_arrow(chunk[name]) for name in chunk.columns}
        written = pa.BufferOutputStream()
        csv.write_csv(pa.table(columns), written, options)
        yield written.getvalue()
