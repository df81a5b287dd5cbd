"""The landing view: a tile for each tenant that the viewer may see, what needs somebody first."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from orgsync.pages.visit import AnyVisit, list_visible
from orgsync.warehouse.statements import Row, fetch_all

router = APIRouter()

FAILED = ("failed", "stopped")
ORDER = ("failed", "waits", "unknown", "well", "retired")


@router.get("/")
def show_health(visit: AnyVisit) -> HTMLResponse:
    with visit.reader() as connection:
        tenants = list_visible(visit, connection)
        rows = fetch_all(connection, "pages/list_health", tenants=tenants)
    tiles = sorted((row | {"verdict": judge(row)} for row in rows), key=lambda tile: ORDER.index(tile["verdict"]))
    return visit.render("health.html.jinja", page="health", tiles=tiles)


def judge(tile: Row | dict[str, Any]) -> str:
    """`retired`: it is in the tenants file no more, and nothing is done for it; `waits`: somebody is asked to decide; `failed`: somebody
    must mend something; `unknown`: it never succeeded, or never ran.
    """
    if tile["retired_at"]:
        return "retired"
    if tile["plan_id"]:
        return "waits"
    if tile["outcome"] in FAILED or tile["broken_checks"]:
        return "failed"
    return "well" if tile["newest_at"] else "unknown"
