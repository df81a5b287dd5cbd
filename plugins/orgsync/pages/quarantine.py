"""What the newest load left out: by which rule, since when, and what to do about it on the platform."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from psycopg2.extensions import connection as Connection
from pydantic import StringConstraints

from orgsync.pages.visit import TenantVisit
from orgsync.warehouse.statements import Row, fetch_all, fetch_one

router = APIRouter()

ROWS_ON_A_PAGE = 50
MOST_COUNTED = 10_000
MOST_OF_A_KEY = 3000
"""An id that is too long to be one may stand here too."""
PLACE = ("rule", "entity", "user_id", "department_id", "column_name")
"""Where a finding stands among the others, by the names of its columns."""
AFTER = ("after_rule", "after_entity", "after_user", "after_department", "after_column")


@router.get("/{tenant_id}/quarantine")
def show_quarantine(
    visit: TenantVisit,
    rule: Annotated[str, Query(max_length=60)] = "",
    after: Annotated[list[Annotated[str, StringConstraints(max_length=MOST_OF_A_KEY)]] | None, Query(min_length=5, max_length=5)] = None,
) -> HTMLResponse:
    with visit.reader() as connection:
        newest = fetch_one(connection, "pages/find_newest_plan", tenant_id=visit.tenant_id)
        plan_id = newest["plan_id"] if newest else None
        rules = fetch_all(connection, "pages/count_rules", plan_id=plan_id, most=MOST_COUNTED + 1)
        rows = _list_rows(connection, visit.tenant_id, plan_id, rule, after)
    rows, further = rows[:ROWS_ON_A_PAGE], rows[ROWS_ON_A_PAGE:]
    turns = {
        "first": visit.link("quarantine", rule=rule) if after else None,
        "before": None,
        "after": visit.link("quarantine", rule=rule, after=[rows[-1][name] for name in PLACE]) if further else None,
    }
    return visit.render(
        "quarantine.html.jinja",
        page="quarantine",
        newest=newest,
        rules=rules,
        rule=rule,
        groups=group_by_rule(rows),
        most=MOST_COUNTED,
        turns=turns,
    )


def group_by_rule(rows: list[Row]) -> list[tuple[str, list[Row]]]:
    """The rows of a page, which come in the order of their rules."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row["rule"], []).append(row)
    return list(groups.items())


def _list_rows(connection: Connection, tenant_id: str, plan_id: int | None, rule: str, after: list[str] | None) -> list[Row]:
    place = dict(zip(AFTER, after, strict=True)) if after else dict.fromkeys(AFTER)
    return fetch_all(
        connection, "pages/list_quarantine", tenant_id=tenant_id, plan_id=plan_id, rule=rule or None, most=ROWS_ON_A_PAGE + 1, **place
    )
