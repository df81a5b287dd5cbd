"""A company with a year of hourly snapshots behind it, written into a warehouse by SQL: what looks at pages needs it large, and reading and
loading it hour by hour would take days.

Its versions, changes, plans and counts agree with each other, as if it had been synced; the headcounts and the keys of the search are made
by the very functions that a load calls.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.extras import Json

from bench.world import TENANT
from orgsync.platforms.feishu.messenger import LIMITS
from orgsync.warehouse.search_keys import keep_search_keys
from orgsync.warehouse.statements import fetch_all
from sandbox.names import AREAS, CENTERS, GIVEN_CHARACTERS, ODD_DEPARTMENTS, ODD_NAMES, SURNAMES, TITLES, WORK_PLACES

PLATFORM = "feishu"
"""Its ids are the longest."""
FOLDER = Path(__file__).parent
WORDS = {
    "surnames": list(SURNAMES),
    "givens": list(GIVEN_CHARACTERS),
    "odd_names": list(ODD_NAMES),
    "titles": list(TITLES),
    "areas": list(AREAS),
    "centers": list(CENTERS),
    "odd_departments": list(ODD_DEPARTMENTS),
    "places": list(WORK_PLACES),
}

HISTORY = ("org.department_version", "org.user_version", "org.membership_version")
INDEXES = """
    select
        indexrelid::regclass::text,
        pg_get_indexdef(indexrelid)
    from pg_index
    where indrelid = any (%(tables)s::text[]::regclass[])
      and not indisprimary
"""


@dataclass(frozen=True)
class Shape:
    """How large: a snapshot an hour, every fourth of which brought changes, some two hundred thousand a year where there are a million."""

    people: int
    departments: int
    snapshots: int

    @property
    def bands(self) -> list[dict[str, Any]]:
        """The numbers of the departments of each level, and of those where they hang; on the fourth many hang at one."""
        count = self.departments
        sizes = [1, max(3, count // 1500), max(6, count // 100), count * 8 // 100, count * 24 // 100, count * 36 // 100]
        first, above, found = 1, (0, 0), []
        for level, size in enumerate(sizes, start=1):
            last = first + size - 1
            found.append(_band(level, (first, last), above))
            above, first = (first, last), last + 1
            if level == 4:
                shops = (first, first + count // 10 - 1)
                found.append(_band(level, shops, (found[2]["first"], found[2]["first"]), is_wide=True))
                first = shops[1] + 1
        found.append(_band(7, (first, count), above))
        return found

    @property
    def numbers(self) -> dict[str, Any]:
        fourth, fifth = (next(band for band in self.bands if band["level"] == level and not band["is_wide"]) for level in (4, 5))
        return asdict(self) | {
            "bands": Json(self.bands),
            "crowd": max(5, self.people // 200),
            "crowded": fourth["first"] + 1,
            "removed": max(3, self.departments * 4 // 300),
            "removed_below": fifth["first"],
            "left": self.people // 20,
            "leavers": self.people * 3 // 100,
            "retitled": self.people // 100,
            "secondary_first": fourth["first"],
            "secondary_count": fourth["last"] - fourth["first"] + 1,
            "quarantined": max(20, self.people // 500),
            "messages": max(100, self.people // 100),
        }


def _band(level: int, own: tuple[int, int], above: tuple[int, int], *, is_wide: bool = False) -> dict[str, Any]:
    return {"level": level, "first": own[0], "last": own[1], "parent_first": above[0], "parent_last": above[1], "is_wide": is_wide}


def write_company(dsn: str, shape: Shape) -> dict[str, float]:
    """Into a warehouse that has its tables and nothing in them; returns the seconds of each step."""
    connection = psycopg2.connect(dsn)
    found = {}
    try:
        for step, seconds in _write_steps(connection, shape):
            print(f"{step}: {seconds:.1f} s", flush=True)
            found[step] = round(seconds, 1)
    finally:
        connection.close()
    return found


def _write_steps(connection: Connection, shape: Shape) -> Iterator[tuple[str, float]]:
    values = shape.numbers | WORDS | {"tenant_id": TENANT, "platform": PLATFORM, "limits": Json(asdict(LIMITS))}
    indexes = _drop_indexes(connection)
    for file in sorted(FOLDER.glob("[0-9]*.sql")):
        yield file.stem[3:], _run(connection, file.read_text(encoding="utf-8"), values)
        if file.stem.startswith("06"):
            yield (
                "index_history",
                _run(connection, "; ".join((*indexes, "analyze ops.snapshot", *(f"analyze {table}" for table in HISTORY)))),
            )
            yield "count_heads", _count_heads(connection)
            yield "spell_names", _spell_names(connection)
        if file.stem.startswith("07"):
            yield "tell_hours", _tell_hours(connection, values)
    yield "tidy_up", _run(connection, "drop schema bench cascade")
    connection.autocommit = True
    yield "vacuum", _run(connection, "vacuum (analyze)")


def _drop_indexes(connection: Connection) -> list[str]:
    """Of history, but for the primary keys; returns the statements that make them again, which is faster than keeping them."""
    with connection.cursor() as cursor:
        cursor.execute(INDEXES, {"tables": list(HISTORY)})
        found = cursor.fetchall()
        for name, _ in found:
            cursor.execute(f"drop index {name}")
    connection.commit()
    return [definition for _, definition in found]


def _run(connection: Connection, statements: str, values: Mapping[str, Any] | None = None) -> float:
    started = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(_without_comments(statements), values)
    if not connection.autocommit:
        connection.commit()
    return time.monotonic() - started


def _without_comments(statements: str) -> str:
    """Comments name parameters."""
    return "\n".join(line for line in statements.splitlines() if not line.startswith("--"))


def _count_heads(connection: Connection) -> float:
    started = time.monotonic()
    fetch_all(connection, "history/count_heads", tenant_id=TENANT, instants=_list_changing(connection))
    connection.commit()
    return time.monotonic() - started


def _spell_names(connection: Connection) -> float:
    started = time.monotonic()
    keep_search_keys(connection, TENANT, since=_list_changing(connection)[0])
    connection.commit()
    return time.monotonic() - started


def _tell_hours(connection: Connection, values: Mapping[str, Any]) -> float:
    """One by one: PostgreSQL plans each by what it knows of that instant."""
    statement = (FOLDER / "tell_hour.sql").read_text(encoding="utf-8")
    return sum(_run(connection, statement, {**values, "taken_at": instant}) for instant in _list_changing(connection)[1:])


def _list_changing(connection: Connection) -> list[datetime]:
    """The instants of the snapshots that brought changes."""
    with connection.cursor() as cursor:
        cursor.execute("select taken_at from bench.instant where is_change order by taken_at")
        return [instant for (instant,) in cursor.fetchall()]
