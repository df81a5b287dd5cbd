"""What the documentation says holds: its SQL runs, its tables list the columns there are, its links lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg2.extensions import connection as Connection

CHECKOUT = Path(__file__).resolve().parents[2]
PAGES = sorted([*CHECKOUT.glob("*.md"), *CHECKOUT.glob("docs/**/*.md"), CHECKOUT / "sandbox" / "README.md"])
DATA_MODEL = CHECKOUT / "docs" / "data-model.md"

SQL_BLOCK = re.compile(r"^```sql\n(.*?)^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
SECTION = re.compile(r"^### ((?:org|ops|notify)\.\w+)\n(.*?)(?=^##|\Z)", re.DOTALL | re.MULTILINE)


def name_of(page: Path) -> str:
    return str(page.relative_to(CHECKOUT))


def sql_blocks() -> Iterator[Any]:
    for page in PAGES:
        for number, block in enumerate(SQL_BLOCK.findall(page.read_text(encoding="utf-8")), start=1):
            yield pytest.param(block, id=f"{name_of(page)}-{number}")


def listed_columns(section: str) -> set[str]:
    """The names in the first column of the section's first table."""
    rows = section[section.index("| column |") :].split("\n\n")[0].splitlines()[2:]
    return {column for row in rows for column in re.findall(r"`(\w+)`", row.split("|")[1])}


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("block", list(sql_blocks()))
def test_sql_example_runs(warehouse: Connection, block: str) -> None:
    with warehouse.cursor() as cursor:
        cursor.execute(block)
    warehouse.rollback()


def test_data_model_lists_every_column(warehouse: Connection) -> None:
    with warehouse.cursor() as cursor:
        cursor.execute(
            """
            select table_schema || '.' || table_name, array_agg(column_name::text)
            from information_schema.columns
            where table_schema in ('org', 'ops', 'notify')
              and table_name !~ '_(version|history)$'
            group by 1
            """
        )
        actual = {relation: set(columns) for relation, columns in cursor.fetchall()}
    listed = {relation: listed_columns(text) for relation, text in SECTION.findall(DATA_MODEL.read_text(encoding="utf-8"))}
    assert listed == actual


@pytest.mark.parametrize("entity", ["department", "user", "membership"])
def test_history_has_the_columns_of_the_view_and_those_of_a_version(warehouse: Connection, entity: str) -> None:
    """The data model says so in a sentence instead of listing them again."""
    with warehouse.cursor() as cursor:
        cursor.execute(f"select * from org.{entity}s limit 0")
        view = {column.name for column in cursor.description or ()}
        for name in (f"{entity}_history", f"{entity}_version"):
            cursor.execute(f"select * from org.{name} limit 0")
            found = {column.name for column in cursor.description or ()}
            assert found == view | {"content_hash", "valid_from", "valid_to", "snapshot_id"}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{name_of(page)}: {link}"
        assert not anchor or anchor in anchors(target), f"{name_of(page)}: {link}"
