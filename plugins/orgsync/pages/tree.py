"""The departments, opened level by level, and the members of one; as of a day, and held against another."""

from __future__ import annotations

from collections import defaultdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response
from psycopg2.extensions import connection as Connection

from orgsync.pages.visit import TenantVisit, Visit
from orgsync.warehouse.statements import Row, fetch_all, fetch_one

router = APIRouter()

MOST_AT_ONE = 100
MOST_OPEN = 20
MEMBERS_ON_A_PAGE = 50
GONE = ("went", "moved_out")


@router.get("/{tenant_id}/tree")
def show_tree(
    visit: TenantVisit,
    open: Annotated[list[str] | None, Query()] = None,  # noqa: A002 - as the address says it
    toggle: str = "",
    department: str = "",
    chosen: str = "",
    turn: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> Response:
    opened, department = list(dict.fromkeys(open or [])), department or chosen
    if toggle or chosen:  # a button was pressed: the address says the outcome, not what was pressed
        return visit.go("tree", open=flip(opened, toggle), department=department)
    with visit.reader() as connection:
        opens_first = not opened and not department
        rows = _list_level(connection, visit, opened, opens_first=opens_first)
        if opens_first:
            opened = [row["department_id"] for row in rows if row["place"] == "" and row["fate"] not in GONE][:1]
        people = fetch_all(connection, "pages/count_people", tenant_id=visit.tenant_id, at=visit.at.sql)[0]["people"]
        found = _find_members(connection, visit, department, turn) if department else {}
    tops, hidden = grow(rows, opened)
    values = {"opened": opened, "department": department, "people": people, "tops": tops, "hidden_tops": hidden}
    turns: dict[str, str | None] = {"before": None, "after": None}
    if department:
        here: dict[str, Any] = {"open": opened, "department": department}
        turns = {
            "before": visit.link("tree", **here, turn=turn - 1) if turn else None,
            "after": visit.link("tree", **here, turn=turn + 1) if len(found["members"]) == MEMBERS_ON_A_PAGE else None,
        }
    return visit.render("tree.html.jinja", page="tree", turns=turns, **values, **found)


def flip(opened: list[str], toggle: str) -> list[str]:
    """With one opened or closed; of more than MOST_OPEN the ones opened first are closed."""
    kept = [each for each in opened if each != toggle]
    return (kept if toggle in opened or not toggle else [*kept, toggle])[-MOST_OPEN:]


def grow(rows: list[Row], opened: list[str]) -> tuple[list[dict[str, Any]], int]:
    """The tops, each with its `children` where it is open, and how many tops are not shown."""
    at_place: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        at_place[row["place"]].append(row)

    def place(where: str, above: frozenset[str]) -> tuple[list[dict[str, Any]], int]:
        nodes = []
        for row in at_place[where]:
            name = row["department_id"]
            is_open = name in opened and name not in above and row["fate"] != "moved_out"
            children, hidden = place(name, above | {name}) if is_open else ([], 0)
            nodes.append({**row, "is_open": is_open, "children": children, "hidden_children": hidden})
        hidden = at_place[where][0]["siblings"] - len(nodes) if nodes else 0
        return nodes, hidden

    return place("", frozenset())


def _list_level(connection: Connection, visit: Visit, opened: list[str], *, opens_first: bool) -> list[Row]:
    asked = {"opened": opened[-MOST_OPEN:], "opens_first": opens_first, "most": MOST_AT_ONE}
    return fetch_all(connection, "pages/list_departments", **visit.scope, **asked)


def _find_members(connection: Connection, visit: Visit, department: str, turn: int) -> dict[str, Any]:
    chosen = fetch_one(connection, "pages/find_department", **visit.scope, department_id=department)
    members = fetch_all(
        connection,
        "pages/list_members",
        **visit.scope,
        department_id=department,
        most=MEMBERS_ON_A_PAGE,
        skipped=turn * MEMBERS_ON_A_PAGE,
    )
    asked = {"tenant_id": visit.tenant_id, "at": visit.at.sql}
    path = fetch_all(connection, "pages/find_path", **asked, department_id=department)
    leaders = fetch_all(connection, "pages/name_people", **asked, user_ids=(chosen or {}).get("leader_user_ids") or [])
    return {
        "chosen": chosen,
        "path": [each["name"] for each in path],
        "leaders": leaders,
        "members": members,
        "member_count": members[0]["member_count"] if members else 0,
    }
