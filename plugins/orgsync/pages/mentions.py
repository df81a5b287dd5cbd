"""Values of columns as they are said: ids with names, and the pages of whom they are: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg2.extensions import STRINGARRAY

LEADS_TO = {
    "department_ids": "department",
    "parent_id": "department",
    "main_department_id": "department",
    "manager_user_id": "person",
    "leader_user_ids": "person",
}
"""Columns that hold ids, and the pages of whom these are."""
WORDS = {"is_admin": "flag", "is_hidden": "flag", "gender": "gender", "status": "status"}
"""Columns whose values are said in words."""


@dataclass(frozen=True)
class Mention:
    """A value, and whose page it leads to where it is an id."""

    text: str
    page: str = ""
    id: str = ""


def tell(change: Mapping[str, Any]) -> tuple[list[Mention], list[Mention]]:
    """From what to what, of a row of org.change."""
    column = change["column_name"]
    return mention(column, change["value_from"], change["names_from"]), mention(column, change["value_to"], change["names_to"])


def mention(column: str | None, value: str | None, names: str | None) -> list[Mention]:
    """As org.change has both. Names are joined by commas, which a name may hold too: then they are not told apart."""
    if value is None:
        return []
    page = LEADS_TO.get(column or "")
    if page is None:
        return [Mention(value)]
    ids = STRINGARRAY(value, None) if column == "leader_user_ids" else value.split(",") if column == "department_ids" else [value]
    named: Sequence[str] = [names or value] if len(ids) == 1 else (names or "").split(", ")
    if len(named) != len(ids):
        return [Mention(names or value)]
    return [Mention(name, page, id_) for name, id_ in zip(named, ids, strict=True)]
