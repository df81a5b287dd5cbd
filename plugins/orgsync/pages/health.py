"""The landing view: a tile for each tenant that the viewer may see, what needs somebody first; and what concerns all tenants."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from orgsync.alerts.problems import SHARED
from orgsync.check import TITLES
from orgsync.pages.visit import AnyVisit, list_known
from orgsync.warehouse.statements import Row, fetch_all
from orgsync.words import Language, say

router = APIRouter()

FAILED = ("failed", "stopped")
ORDER = ("failed", "waits", "degraded", "unknown", "well", "retired")
PAGES = {
    "stale": "runs",
    "failed": "runs",
    "slow": "runs",
    "withheld": "runs",
    "quarantine": "quarantine",
    "quota": "quotas",
    "outbox": "messages",
    "events": "runs",
}
"""Where a problem of a kind is looked at."""


@router.get("/")
def show_health(visit: AnyVisit) -> HTMLResponse:
    """What concerns all is for those who may see all: it may name another tenant's connection, or who is told of what."""
    with visit.reader() as connection:
        known = list_known(visit, connection)
        tenants = [tenant_id for tenant_id in known if visit.viewer.may_see(tenant_id)]
        rows = fetch_all(connection, "pages/list_health", tenants=tenants)
        found = fetch_all(connection, "pages/list_problems", tenants=tenants, with_shared=bool(tenants) and tenants == known)
    problems: defaultdict[str, list[Row]] = defaultdict(list)
    for row in found:
        problems[row["tenant_id"]].append(row | describe(row, "zh" if visit.language == "zh" else "en"))
    tiles = [row | {"problems": problems[row["tenant_id"]]} for row in rows]
    tiles = [tile | {"verdict": judge(tile), "kinds": [each["kind"] for each in tile["problems"]]} for tile in tiles]
    tiles.sort(key=lambda tile: ORDER.index(tile["verdict"]))
    return visit.render("health.html.jinja", page="health", tiles=tiles, shared=problems[SHARED])


def describe(problem: Row, language: Language) -> dict[str, str]:
    """What a problem is called, and which page shows more of it."""
    kind, subject = problem["kind"], problem["subject"]
    page = f"plans/{subject}" if kind == "waiting" else PAGES.get(kind, "") if problem["tenant_id"] else ""
    return {"title": say(TITLES.get(kind, kind), language), "page": page}


def judge(tile: Row | dict[str, Any]) -> str:
    """`retired`: it is in the tenants file no more, and nothing is done for it; `waits`: somebody is asked to decide; `failed`: somebody
    must mend something; `degraded`: somebody should look; `unknown`: it never succeeded, or never ran.
    """
    if tile["retired_at"]:
        return "retired"
    if tile["plan_id"]:
        return "waits"
    is_broken = any(problem["outcome"] == "broken" for problem in tile["problems"])
    if tile["outcome"] in FAILED or tile["broken_checks"] or is_broken:
        return "failed"
    if tile["problems"]:
        return "degraded"
    return "well" if tile["newest_at"] else "unknown"
