"""A plan: one reading of one snapshot, from its staged rows to the day it is applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from psycopg2.extensions import connection as Connection

from orgsync.errors import ConfigurationError, GateError
from orgsync.frames import FRAMES, NOT_READ, TidySet
from orgsync.warehouse.staging import clear_rows, copy_rows, stage_rows
from orgsync.warehouse.statements import Row, encode_list, execute, fetch_all, fetch_one

if TYPE_CHECKING:
    import pandas as pd

QUARANTINE_COLUMNS = ("entity", "user_id", "department_id", "column_name", "rule", "reason")


class ExpectationResult(Protocol):
    """What the warehouse stores of an expectation: `rows` are the positions that broke it."""

    @property
    def suite(self) -> str: ...
    @property
    def expectation(self) -> str: ...
    @property
    def column(self) -> str: ...
    @property
    def is_success(self) -> bool: ...
    @property
    def element_count(self) -> int: ...
    @property
    def rows(self) -> tuple[int, ...]: ...


@dataclass(frozen=True)
class Judgement:
    """By what a plan's rows were judged (one hash over the rules and settings), and what its validation report says."""

    judged_by: str = ""
    report: Row = field(default_factory=dict)


def create_plan(
    connection: Connection,
    snapshot: Row,
    tidy: TidySet,
    findings: pd.DataFrame,
    judgement: Judgement = Judgement(),
) -> int:
    """Stage a snapshot's good rows and record its quarantined ones; returns the plan's id.

    `findings` has the columns of QUARANTINE_COLUMNS, one row for each rule a row broke; with a `column_name`, only that
    value of it is kept out.
    """
    plan_id: int = fetch_all(
        connection,
        "ops/create_plan",
        snapshot_id=snapshot["snapshot_id"],
        staged_counts=_count_rows(tidy, findings),
        withheld_fields=sorted(f"{name}.{column}" for name, columns in tidy.withheld.items() for column in columns),
        **{f"{frame.name}_unobserved": sorted(tidy.unobserved.get(frame.name, ())) for frame in FRAMES},
        **vars(judgement),
    )[0]["plan_id"]
    stage_rows(connection, plan_id, tidy)
    copy_rows(
        connection,
        "stage/copy_quarantine",
        findings[list(QUARANTINE_COLUMNS)],
        plan_id=plan_id,
        tenant_id=snapshot["tenant_id"],
        snapshot_id=snapshot["snapshot_id"],
    )
    return plan_id


def repeat_plan(connection: Connection, snapshot_id: str, model_id: int, *, based_on_plan_id: int | None) -> Row:
    """The plan of a snapshot that says just what the one of an applied plan said: planned, and without any change."""
    keys = {"snapshot_id": snapshot_id, "model_id": model_id, "based_on_plan_id": based_on_plan_id}
    plan_id: int = fetch_all(connection, "ops/repeat_plan", **keys)[0]["plan_id"]
    for what in ("quarantine", "expectation_results"):
        execute(connection, f"ops/repeat_{what}", plan_id=plan_id, model_id=model_id)
    save_verdict(connection, plan_id, {"user": {}, "department": {}}, [])
    return find_plan(connection, plan_id)


def create_retraction(connection: Connection, snapshot_id: str) -> Row:
    """The plan that takes a snapshot out of history."""
    plan_id: int = fetch_all(connection, "ops/create_retraction", snapshot_id=snapshot_id)[0]["plan_id"]
    return find_plan(connection, plan_id)


def find_plan(connection: Connection, plan_id: int) -> Row:
    plan = fetch_one(connection, "ops/find_plan", plan_id=plan_id)
    if plan is None:
        raise ConfigurationError(f"there is no plan {plan_id}; a run that made one names it, and the table ops.plan lists all")
    return plan


def find_own_plan(connection: Connection, tenant_id: str, plan_id: int) -> Row:
    """A plan of this tenant. Raises ConfigurationError that names the newest ones where it is none."""
    plan = fetch_one(connection, "ops/find_plan", plan_id=plan_id)
    if plan is None or plan["tenant_id"] != tenant_id:
        newest = fetch_all(connection, "ops/list_newest_plans", tenant_id=tenant_id)
        listed = ", ".join(f"{row['plan_id']} ({row['state']})" for row in newest) or "none"
        raise ConfigurationError(f"there is no plan {plan_id} of tenant {tenant_id}; its newest: {listed}. The table ops.plan lists all")
    return plan


def find_newest_plan(connection: Connection, tenant_id: str) -> Row:
    """The plan made last for a tenant."""
    found = fetch_all(connection, "ops/find_newest_plan", tenant_id=tenant_id)[0]["plan_id"]
    if found is None:
        raise ConfigurationError(f"there is no plan of tenant {tenant_id} yet; run `orgsync sync {tenant_id}`")
    return find_plan(connection, found)


def save_verdict(connection: Connection, plan_id: int, changes: Row, over_budget: list[Row]) -> None:
    """Store what a plan changes and which budgets it exceeds; an earlier decision holds only if the changes are the same."""
    execute(connection, "ops/save_verdict", plan_id=plan_id, summary=changes, over_budget=encode_list(over_budget))


def decide(connection: Connection, plan_id: int, *, is_approved: bool, decided_by: str) -> None:
    """Approve or reject a plan that waits; raises GateError for one that no longer does."""
    if not fetch_all(connection, "ops/decide_plan", plan_id=plan_id, is_approved=is_approved, decided_by=decided_by):
        plan = find_plan(connection, plan_id)
        raise GateError(f"plan {plan_id} can no longer be decided: {_WHY_CLOSED[plan['state']].format(**plan)}")


_WHY_CLOSED = {
    "staged": "it was not worked out; sync again for a new one",
    "applied": "it is part of history already, approved by {decided_by}; what it changed stays",
    "dropped": (
        "it was overtaken by a newer run, which made a plan of its own; nothing was changed. `orgsync plan {tenant_id}` shows that one"
    ),
    "rejected": "{decided_by} rejected it; nothing was changed. Sync again for a new one",
}


def list_changes(connection: Connection, plan_id: int, *, limit: int | None = None) -> list[Row]:
    """The plan's changes in a stable order: people first, then departments, each by kind."""
    return fetch_all(connection, "report/list_plan_changes", plan_id=plan_id, limit=limit)


def count_changed_departments(connection: Connection, plan_id: int, *, most: int) -> list[Row]:
    """The departments in which a plan makes the most people come, go or move: `department_path`, `counts` by kind, `people` in all."""
    return fetch_all(connection, "report/count_changed_departments", plan_id=plan_id, most=most)


def list_quarantine(connection: Connection, tenant_id: str | None) -> list[Row]:
    """The rows kept out of the newest loads, each with its rules, since when, and for how many loads in a row."""
    return fetch_all(connection, "report/list_quarantine", tenant_id=tenant_id)


def forget_staged_rows(connection: Connection, plan_id: int) -> None:
    """Empty the stage of a plan that is done with; its row in ops.plan stays."""
    execute(connection, "history/clear_plan", plan_id=plan_id)
    clear_rows(connection, plan_id)


def drop_unfinished(
    connection: Connection,
    tenant_id: str,
    *,
    snapshot_id: str | None = None,
    until: datetime | None = None,
    only_targeted: bool = False,
) -> list[int]:
    """Give up the tenant's plans that were never applied, of one snapshot or of all taken until then, so that no staged rows pile up.

    `only_targeted` leaves those of snapshots of everybody. Returns their ids.
    """
    which = {"snapshot_id": snapshot_id, "until": until, "only_targeted": only_targeted}
    found = fetch_all(connection, "ops/drop_unfinished_plans", tenant_id=tenant_id, **which)
    dropped = [row["plan_id"] for row in found]
    for plan_id in dropped:
        forget_staged_rows(connection, plan_id)
    return dropped


def is_staged(connection: Connection, plan: Row) -> bool:
    """Whether every row that was staged is still there: a crash of the server empties the unlogged tables."""
    staged = fetch_one(connection, "stage/count_rows", plan_id=plan["plan_id"]) or {}
    return all(staged[f"{frame.name}s"] == plan["staged_counts"][f"{frame.name}s"] for frame in FRAMES)


def save_expectation_results(connection: Connection, plan: Row, results: Sequence[ExpectationResult]) -> None:
    rows = [
        {
            "suite": result.suite,
            "expectation": result.expectation,
            "column_name": result.column,
            "is_success": result.is_success,
            "element_count": result.element_count,
            "unexpected_count": len(result.rows),
        }
        for result in results
    ]
    execute(connection, "ops/save_expectation_results", plan_id=plan["plan_id"], tenant_id=plan["tenant_id"], results=encode_list(rows))


def _count_rows(tidy: TidySet, findings: pd.DataFrame) -> dict[str, int]:
    """`quarantined` counts rows of every kind, `quarantined_rows` the people and departments that broke a rule,
    `unread_values` single values.

    Memberships follow those; what was not read yet has broken none.
    """
    keys = ["entity", "user_id", "department_id"]
    is_row = findings["column_name"].isna()
    rows = findings.loc[is_row]
    broken = rows.loc[(rows["entity"] != "membership") & (rows["rule"] != NOT_READ), keys]
    counts = {f"{frame.name}s": len(tidy.frame(frame.name)) for frame in FRAMES}
    return counts | {
        "quarantined": len(rows[keys].drop_duplicates()),
        "quarantined_rows": len(broken.drop_duplicates()),
        "unread_values": len(findings) - len(rows),
    }
