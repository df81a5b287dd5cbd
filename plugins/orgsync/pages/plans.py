"""What each sync would change or did, line by line; one that waits is decided here, through Airflow's own interface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Path, Query
from fastapi.responses import HTMLResponse
from psycopg2.extensions import connection as Connection

from orgsync.connections.site import PAGES
from orgsync.pages.summaries import NEW, WITH_COLUMNS, WITH_VALUES, Group, list_groups
from orgsync.pages.visit import TenantVisit, Visit, list_stanzas
from orgsync.sync.budget import CHINESE, TEXTS, describe
from orgsync.warehouse.statements import Row, fetch_all, fetch_one

router = APIRouter()

PLANS_ON_A_PAGE = 50
LINES_ON_A_PAGE = 50
LARGEST_NUMBER = 2**63 - 1
BUDGET_TEXTS = {"en": TEXTS, "zh": CHINESE}
WITHOUT_A_TASK = ("cli", "backfill")
"""Runs in which nobody is asked: they end where a plan exceeds the budget."""
OUTCOMES = ("approved", "rejected", "answered", "looking", "forbidden", "signed_out", "nobody_asks", "failed", "unreachable")
"""What may come of an answer, as the script finds it."""

Way = Literal["", "here", "elsewhere", "command"]
Number = Annotated[int, Path(ge=1, le=LARGEST_NUMBER)]
Id = Annotated[str, Query(max_length=300)]


@router.get("/{tenant_id}/plans")
def show_plans(visit: TenantVisit, before: Annotated[int | None, Query(ge=1, le=LARGEST_NUMBER)] = None) -> HTMLResponse:
    with visit.reader() as connection:
        plans = fetch_all(connection, "pages/list_plans", tenant_id=visit.tenant_id, before=before, most=PLANS_ON_A_PAGE + 1)
    plans, further = plans[:PLANS_ON_A_PAGE], plans[PLANS_ON_A_PAGE:]
    turns = {
        "first": visit.link("plans") if before else None,
        "before": None,
        "after": visit.link("plans", before=plans[-1]["plan_id"]) if further else None,
    }
    told = [plan | _tell(plan, visit.language) for plan in plans]
    return visit.render("plans.html.jinja", page="plans", plans=told, turns=turns)


@router.get("/{tenant_id}/plans/{plan_id}")
def show_plan(
    visit: TenantVisit,
    plan_id: Number,
    entity: Literal["user", "department"] | None = None,
    kind: Annotated[str, Query(max_length=20)] = "",
    after: Id = "",
    after_column: Annotated[str, Query(max_length=100)] = "",
) -> HTMLResponse:
    with visit.reader() as connection:
        plan = fetch_one(connection, "pages/find_plan", tenant_id=visit.tenant_id, plan_id=plan_id)
        if plan is None:
            raise HTTPException(404)
        groups = list_groups(plan["summary"])
        group = choose_group(groups, entity, kind)
        lines = _list_lines(connection, plan, group, after, after_column) if group and not plan["is_retraction"] else []
    lines, further = lines[:LINES_ON_A_PAGE], lines[LINES_ON_A_PAGE:]
    own, last = f"plans/{plan_id}", lines[-1] if lines else {}
    at_group: dict[str, Any] = {"entity": group.entity, "kind": group.kind} if group else {}
    place: dict[str, Any] = {"after": last.get("user_id") or last.get("department_id"), "after_column": last.get("column_name")}
    turns = {
        "first": visit.link(own, **at_group) if after else None,
        "before": None,
        "after": visit.link(own, **at_group, **place) if further else None,
    }
    return visit.render(
        "plan.html.jinja",
        page="plans",
        plan=plan | _tell(plan, visit.language),
        groups=groups,
        group=group,
        lines=lines,
        has_values=bool(group and group.kind in WITH_VALUES),
        has_columns=bool(group and group.kind in WITH_COLUMNS),
        is_linked=plan["state"] == "applied" or not (group and group.kind in NEW),
        turns=turns,
        **_find_decision(visit, plan),
    )


def is_waiting(plan: Mapping[str, Any]) -> bool:
    return plan["state"] == "planned" and bool(plan["over_budget"]) and plan["is_approved"] is None


def tell_state(plan: Mapping[str, Any]) -> str:
    """Its state as somebody sees it: one that is worked out waits, is approved, or is within budget."""
    if is_waiting(plan):
        return "waits"
    return "approved" if plan["state"] == "planned" and plan["is_approved"] else str(plan["state"])


def choose_group(groups: Sequence[Group], entity: str | None, kind: str) -> Group | None:
    """The one asked for, else the first."""
    asked = (group for group in groups if (entity is None or group.entity == entity) and group.kind == kind)
    return next(asked, groups[0] if groups else None)


def find_way(plan: Mapping[str, Any], *, may_answer: bool) -> Way:
    """How it is decided about: not at all, `here`, by somebody `elsewhere`, or by `command` where no task of Airflow waits."""
    if not is_waiting(plan):
        return ""
    if plan["outcome"] != "running" or plan["run_type"] in WITHOUT_A_TASK:
        return "command"
    return "here" if may_answer else "elsewhere"


def address_question(base: str, tenant_id: str, run_id: str) -> str:
    """Where Airflow's API tells and takes the answer of the task that waits; `base` is where the pages are mounted below it."""
    run = f"dags/org_sync_{quote(tenant_id, safe='')}/dagRuns/{quote(run_id, safe='')}"
    return f"{base.removesuffix(PAGES)}/api/v2/{run}/taskInstances/approve/-1/hitlDetails"


def _tell(plan: Mapping[str, Any], language: str) -> dict[str, Any]:
    return {
        "told_state": tell_state(plan),
        "exceeded": [describe(exceeded, BUDGET_TEXTS[language]) for exceeded in plan["over_budget"]],
        "groups": list_groups(plan["summary"]),
    }


def _find_decision(visit: Visit, plan: Row) -> dict[str, Any]:
    """Who decides about it, and how."""
    if not is_waiting(plan):
        return {"way": "", "approvers": (), "question": "", "outcomes": OUTCOMES}
    approvers = _find_approvers(visit)
    return {
        "way": find_way(plan, may_answer=visit.viewer.may_answer(visit.tenant_id, approvers)),
        "approvers": tuple(dict.fromkeys(approvers.values())),
        "question": address_question(visit.base, visit.tenant_id, plan["run_id"] or ""),
        "outcomes": OUTCOMES,
    }


def _find_approvers(visit: Visit) -> dict[str, str]:
    """Those of the tenants file as it is now. Airflow holds those of when it was asked, and looks itself."""
    return next((tenant.approver_ids for tenant in list_stanzas(visit.settings).tenants if tenant.id == visit.tenant_id), {})


def _list_lines(connection: Connection, plan: Row, group: Group, after: str, after_column: str) -> list[Row]:
    return fetch_all(
        connection,
        "pages/list_plan_lines",
        plan_id=plan["plan_id"],
        entity=group.entity,
        kind=group.kind,
        after_id=after or None,
        after_column=after_column,
        most=LINES_ON_A_PAGE + 1,
    )
