"""Keeps org.search_key: under what names, titles and departments are found."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from psycopg2.extensions import connection as Connection

from orgsync.warehouse.spelling import find_own_key, spell
from orgsync.warehouse.staging import READ_BYTES, CsvStream
from orgsync.warehouse.statements import execute, fetch_all, read_sql

MANY_VALUES = 5_000
"""Whose keys are sorted together: in the order of their index they are written in half the time."""
BEGINNING = "-infinity"
SPECIAL = re.compile(r"[\\\t\n\r]")
ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})

Labels = dict[str, Sequence[str]]
"""By their kind."""


def keep_search_keys(connection: Connection, tenant_id: str, *, since: datetime) -> None:
    """Make findable what versions say that begin at an instant or later; of a tenant of whom nothing is findable yet, what any says."""
    has_keys = bool(fetch_all(connection, "history/find_search_key", tenant_id=tenant_id))
    rows = fetch_all(connection, "history/list_labels", tenant_id=tenant_id, since=since if has_keys else BEGINNING)
    labels: Labels = {row["kind"]: row["values"] for row in rows}
    if has_keys:
        labels = {kind: list(_leave_out_findable(connection, tenant_id, kind, values)) for kind, values in labels.items()}
    if any(labels.values()):
        with connection.cursor() as cursor:
            cursor.copy_expert(read_sql("history/copy_search_keys"), CsvStream(_write_keys(tenant_id, labels)), size=READ_BYTES)


def forget_search_keys(connection: Connection, tenant_id: str) -> None:
    """Take out what no version says any more."""
    execute(connection, "history/remove_search_keys", tenant_id=tenant_id)


def _leave_out_findable(connection: Connection, tenant_id: str, kind: str, values: Sequence[str]) -> Iterator[str]:
    for some in _split(values):
        asked = {"kind": kind, "values": some, "keys": [find_own_key(value) for value in some]}
        findable = {row["value"] for row in fetch_all(connection, "history/list_findable", tenant_id=tenant_id, **asked)}
        yield from (value for value in some if value not in findable)


def _write_keys(tenant_id: str, labels: Labels) -> Iterator[bytes]:
    """As COPY reads them, many values at a time, in the order of their keys."""
    for kind, values in labels.items():
        before = f"{escape(tenant_id)}\t{kind}\t"
        for some in _split(values):
            lines = [f"{before}{escape(key)}\t{escape(value)}\n" for value in some for key in spell(kind, value)]
            lines.sort()
            yield "".join(lines).encode()


def escape(text: str) -> str:
    """A text as COPY takes it between its tabs."""
    return text.translate(ESCAPES) if SPECIAL.search(text) else text


def _split(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), MANY_VALUES):
        yield values[start : start + MANY_VALUES]
