"""Keeps org.search_key: under what names, titles and departments are found."""

from __future__ import annotations

import csv
import io
import tempfile
from datetime import datetime

from psycopg2.extensions import connection as Connection

from orgsync.warehouse.spelling import spell_label, spell_name
from orgsync.warehouse.statements import fetch_all, read_sql

SPOOLED_BYTES = 8 << 20


def keep_search_keys(connection: Connection, tenant_id: str, *, since: datetime) -> None:
    """Make what versions say that begin at `since` or later findable; for a tenant of whom nothing is yet, all of its history."""
    unfindable = fetch_all(connection, "history/list_unfindable", tenant_id=tenant_id, since=since)
    if not unfindable:
        return
    with tempfile.SpooledTemporaryFile(max_size=SPOOLED_BYTES) as keys:
        text = io.TextIOWrapper(keys, encoding="utf-8", newline="", write_through=True)
        writer = csv.writer(text)
        for row in unfindable:
            spell = spell_name if row["kind"] == "name" else spell_label
            writer.writerows((tenant_id, row["kind"], row["value"], key) for key in sorted(spell(row["value"])))
        text.detach()
        keys.seek(0)
        with connection.cursor() as cursor:
            cursor.copy_expert(read_sql("history/copy_search_keys"), keys)
