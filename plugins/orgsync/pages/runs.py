"""What each run read and did, how long it took; its snapshot, and what validation found in that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import HTMLResponse, Response
from psycopg2.extensions import connection as Connection

from orgsync.landing.reports import may_have_report, read_report
from orgsync.pages.plans import tell_state
from orgsync.pages.summaries import list_groups
from orgsync.pages.visit import TenantVisit
from orgsync.warehouse.statements import Row, fetch_all, fetch_one

router = APIRouter()

RUNS_ON_A_PAGE = 30
IDS_SHOWN = 10
MOST_SNAPSHOTS = 5_000
"""So far back is looked for the first of those that withheld a field: more than half a year of hourly reads."""
STEPS = ("extract", "recognize", "validate", "plan", "merge", "replay", "rebuild")
PARTS: Mapping[str, tuple[str, ...]] = {"validate": ("import", "tidy", "expect", "page", "stage"), "merge": ("write",)}
"""Steps within steps: their seconds are counted in these."""
CALLS = ("expected", "read", "retried", "throttled", "failed")
COUNTS = ("users", "departments", "memberships", "quarantined_rows", "quarantined", "unread_values", "history_rows", "snapshots")
ALWAYS_COUNTED = ("users", "departments", "memberships", "history_rows")
REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
"""The report is one file with its style in it, and has no script."""

RunId = Annotated[str, Query(max_length=300)]


@router.get("/{tenant_id}/runs")
def show_runs(visit: TenantVisit, before: RunId = "") -> HTMLResponse:
    with visit.reader() as connection:
        runs = fetch_all(connection, "pages/list_runs", tenant_id=visit.tenant_id, before=before or None, most=RUNS_ON_A_PAGE + 1)
    runs, further = runs[:RUNS_ON_A_PAGE], runs[RUNS_ON_A_PAGE:]
    turns = {
        "first": visit.link("runs") if before else None,
        "before": None,
        "after": visit.link("runs", before=runs[-1]["run_id"]) if further else None,
    }
    told = [run | _count(run) for run in runs]
    return visit.render("runs.html.jinja", page="runs", runs=told, turns=turns)


@router.get("/{tenant_id}/run")
def show_run(visit: TenantVisit, id: Annotated[str, Query(min_length=1, max_length=300)]) -> HTMLResponse:  # noqa: A002 - as the address says it
    with visit.reader() as connection:
        run = fetch_one(connection, "pages/find_run", tenant_id=visit.tenant_id, run_id=id, shown=f"$[0 to {IDS_SHOWN - 1}]")
        if run is None:
            raise HTTPException(404)
        withheld = _find_withheld(connection, visit.tenant_id, run)
    return visit.render(
        "run.html.jinja",
        page="runs",
        run=run | _count(run),
        plan_state=tell_state(run | {"state": run["plan_state"]}) if run["plan_state"] else "",
        steps=list_steps(run["step_seconds"]),
        withheld=withheld,
        has_report=bool(run["snapshot_id"]) and not run["removed_at"] and may_have_report(visit.settings.report_folder, run["snapshot_id"]),
        counts=list_counts(run["counts"]),
        calls=CALLS,
    )


@router.get("/{tenant_id}/report")
def send_report(visit: TenantVisit, snapshot: Annotated[str, Query(min_length=1, max_length=300)]) -> Response:
    """What validation found, as the load wrote it. It names ids, rules and counts, and no person's data: whoever sees the tenant may."""
    with visit.reader() as connection:
        found = fetch_one(connection, "pages/find_report", tenant_id=visit.tenant_id, snapshot_id=snapshot)
    if found is None:
        raise HTTPException(404)
    page = read_report(visit.settings.report_folder, found["snapshot_id"])
    if page is None:
        missing = visit.render("no_report.html.jinja", page="runs", snapshot=found)
        missing.status_code = 404
        return missing
    return HTMLResponse(page, headers={"Content-Security-Policy": REPORT_POLICY})


def sum_seconds(seconds: Mapping[str, float]) -> float | None:
    """Of all steps; None where none has ended."""
    inner = {part for parts in PARTS.values() for part in parts}
    return sum(value for step, value in seconds.items() if step not in inner) if seconds else None


def sum_calls(calls: Mapping[str, Mapping[str, int]], *names: str) -> int:
    return sum(count.get(name, 0) for count in calls.values() for name in names)


def list_counts(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """What a run counted: of what it left out only where there is any; one that is not known here comes last."""
    names = (*COUNTS, *sorted(set(counts) - set(COUNTS)))
    return [(name, counts[name]) for name in names if name in counts and (counts[name] or name in ALWAYS_COUNTED)]


def list_steps(seconds: Mapping[str, float]) -> list[tuple[str, float, list[tuple[str, float]]]]:
    """Each step with its parts, in the order in which they are done; one that is not known here comes last."""
    inner = {part for parts in PARTS.values() for part in parts}
    known = [step for step in STEPS if step in seconds]
    others = sorted(set(seconds) - set(STEPS) - inner)
    return [(step, seconds[step], [(part, seconds[part]) for part in PARTS.get(step, ()) if part in seconds]) for step in (*known, *others)]


def _count(run: Row) -> dict[str, Any]:
    return {
        "seconds": sum_seconds(run["step_seconds"]),
        "called": sum_calls(run["calls"], "read", "retried"),
        "throttled": sum_calls(run["calls"], "throttled"),
        "groups": list_groups(run["changes"]),
    }


def _find_withheld(connection: Connection, tenant_id: str, run: Row) -> list[Row]:
    if not run["withheld_fields"]:
        return []
    fields = {"fields": run["withheld_fields"], "until": run["taken_at"]}
    return fetch_all(connection, "pages/find_withheld_since", tenant_id=tenant_id, most=MOST_SNAPSHOTS, **fields)
