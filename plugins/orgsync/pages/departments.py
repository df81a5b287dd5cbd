"""A department: where it hangs, who leads it, how many people it had over time, what happened to it, what is below it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import HTMLResponse

from orgsync.pages.matching import Ways
from orgsync.pages.mentions import WORDS, tell
from orgsync.pages.plot import Plot, Point, draw
from orgsync.pages.visit import TenantVisit, Visit
from orgsync.warehouse.statements import Row, fetch_all, fetch_one

router = APIRouter()

LONGEST_ID = 300
CHANGES_ON_A_PAGE = 50
CHILDREN_SHOWN = 100
MOST_POINTS = 300
LEADERS_SHOWN = 50


@router.get("/{tenant_id}/department")
def show_department(
    visit: TenantVisit,
    id: Annotated[str, Query(min_length=1, max_length=LONGEST_ID)],  # noqa: A002 - as the address says it
    turn: Annotated[int, Query(ge=0, le=10_000)] = 0,
) -> HTMLResponse:
    at = {"tenant_id": visit.tenant_id, "at": visit.at.sql}
    asked = {**at, "department_id": id}
    with visit.reader() as connection:
        department = fetch_one(connection, "pages/describe_department", **asked)
        if department is None:
            raise HTTPException(404)
        ways = Ways({row["department_id"]: row for row in fetch_all(connection, "pages/list_ways", **at, department_ids=[id])})
        [heads] = fetch_all(connection, "pages/count_heads", **at, department_ids=[id])
        leaders = fetch_all(connection, "pages/name_people", **at, user_ids=department["leader_user_ids"][:LEADERS_SHOWN])
        children = fetch_all(connection, "pages/list_children", **asked, most=CHILDREN_SHOWN + 1)
        counts = fetch_all(connection, "pages/list_headcounts", **asked, most=MOST_POINTS)
        changes = fetch_all(
            connection, "pages/list_department_changes", **asked, most=CHANGES_ON_A_PAGE + 1, skipped=turn * CHANGES_ON_A_PAGE
        )
    way = list(reversed(ways.climb(id)))[:-1]
    return visit.render(
        "department.html.jinja",
        page="department",
        department=department,
        way=way,
        heads=heads,
        leaders=leaders,
        leader_count=len(department["leader_user_ids"]),
        children=children[:CHILDREN_SHOWN],
        has_more_children=len(children) > CHILDREN_SHOWN,
        counts=counts,
        plot=plot_counts(visit, counts),
        told=[(change, *tell(change)) for change in changes[:CHANGES_ON_A_PAGE]],
        words=WORDS,
        members=visit.link("tree", open=[row["department_id"] for row in way], department=id),
        turns={
            "before": visit.link("department", id=id, turn=turn - 1 or None) if turn else None,
            "after": visit.link("department", id=id, turn=turn + 1) if len(changes) > CHANGES_ON_A_PAGE else None,
        },
    )


def plot_counts(visit: Visit, counts: list[Row]) -> Plot | None:
    """People with all below over time, up to the moment asked for; nothing where nobody ever was."""
    if not counts:
        return None
    points = [Point(row["changed_at"], int(row["total"])) for row in counts]
    return draw(points, until=visit.at.instant or datetime.now(UTC), zone=ZoneInfo(visit.timezone))
