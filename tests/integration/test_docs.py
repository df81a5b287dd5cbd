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
DATA_MODELS = [CHECKOUT / "docs" / "data-model.md", CHECKOUT / "docs" / "data-model.zh.md"]
# Written in both languages, sentence by sentence; the other pages in Chinese say less, for administrators of the platforms.
TRANSLATED = [
    CHECKOUT / "docs" / f"{name}.md" for name in ("bi", "data-model", "deployment", "monitoring", "operations", "several-machines")
]
CHINESE = sorted(CHECKOUT.glob("docs/**/*.zh.md"))

SQL_BLOCK = re.compile(r"^```sql\n(.*?)^```", re.DOTALL | re.MULTILINE)
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
COMMENT = re.compile(r"\s*(?:--|#) .*$", re.MULTILINE)
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
    rows = section[re.search(r"\| (?:column|列) \|", section).start() :].split("\n\n")[0].splitlines()[2:]
    return {column for row in rows for column in re.findall(r"`(\w+)`", row.split("|")[1])}


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("block", list(sql_blocks()))
def test_sql_example_runs(shared_warehouse: Connection, block: str) -> None:
    with shared_warehouse.cursor() as cursor:
        cursor.execute(block)


@pytest.mark.parametrize("page", DATA_MODELS, ids=name_of)
def test_data_model_lists_every_column(shared_warehouse: Connection, page: Path) -> None:
    with shared_warehouse.cursor() as cursor:
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
    listed = {relation: listed_columns(text) for relation, text in SECTION.findall(page.read_text(encoding="utf-8"))}
    assert listed == actual


@pytest.mark.parametrize("entity", ["department", "user", "membership"])
def test_history_has_the_columns_of_the_view_and_those_of_a_version(shared_warehouse: Connection, entity: str) -> None:
    """The data model says so in a sentence instead of listing them again."""
    with shared_warehouse.cursor() as cursor:
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


def names_in(page: Path) -> set[str]:
    """What the running text marks as code: names of columns, commands, settings, errors."""
    return set(re.findall(r"`([^`\n]+)`", BLOCK.sub("", page.read_text(encoding="utf-8"))))


def blocks_in(page: Path) -> list[tuple[str, str]]:
    """Examples, without their comments."""
    return [(language, COMMENT.sub("", text).strip()) for language, text in BLOCK.findall(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", TRANSLATED, ids=name_of)
def test_chinese_page_names_and_shows_what_the_english_one_does(page: Path) -> None:
    chinese = page.with_suffix(".zh.md")
    assert names_in(chinese) == names_in(page)
    assert blocks_in(chinese) == blocks_in(page)


@pytest.mark.parametrize("chinese", CHINESE, ids=name_of)
def test_languages_of_a_page_lead_to_each_other(chinese: Path) -> None:
    english = chinese.with_name(chinese.name.replace(".zh.md", ".md"))
    for page, other in ((chinese, english), (english, chinese)):
        assert f"]({other.name})" in "\n".join(page.read_text(encoding="utf-8").splitlines()[:8]), name_of(page)


def test_chinese_pages_lead_to_chinese_ones_where_there_are() -> None:
    for page in CHINESE:
        for path in (link.partition("#")[0] for link in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link):
            translated = (page.parent / path).with_suffix(".zh.md") if path and not path.endswith(".zh.md") else None
            is_own_english = path == page.name.replace(".zh.md", ".md")
            assert not translated or is_own_english or path.endswith("sending.md") or not translated.exists(), f"{name_of(page)}: {path}"
