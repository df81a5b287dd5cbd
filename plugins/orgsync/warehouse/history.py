"""Merges a staged snapshot into history: assign what it says to [taken_at, next snapshot), join equal neighbours.

`plan_changes` works out the versions each touched key shall have; `apply_plan` writes them. Both are set-based and work the
same for a snapshot that is the newest, lies between loaded ones, or is loaded again.
"""

from __future__ import annotations

from psycopg2.extensions import connection as Connection

from orgsync.frames import FRAMES
from orgsync.warehouse.plans import forget_staged_rows
from orgsync.warehouse.statements import Row, execute, fetch_all, fetch_one


def lock_tenant(connection: Connection, tenant_id: str) -> None:
    """Wait until no other load of the tenant is writing; held to the end of the transaction."""
    execute(connection, "ops/lock_tenant", tenant_id=tenant_id)


def plan_changes(connection: Connection, plan_id: int, tenant_id: str) -> None:
    """Work out the plan's time lines from its staged rows and the history of now."""
    for step in ("clear_plan", "place_plan", *_per_table("compare")):
        execute(connection, f"history/{step}", plan_id=plan_id)
    execute(connection, "stage/analyze_affected")
    for step in ("bound_affected", *_per_table("observe"), "observe_history"):
        execute(connection, f"history/{step}", plan_id=plan_id)
    execute(connection, "stage/analyze_observations")
    for step in (*_per_table("describe"), "fold_timeline"):
        execute(connection, f"history/{step}", plan_id=plan_id)
    execute(connection, "stage/analyze_timeline")
    execute(connection, "ops/mark_planned", plan_id=plan_id, based_on_plan_id=_last_applied(connection, tenant_id))


def apply_plan(connection: Connection, plan: Row, *, keep: bool = True) -> tuple[dict[str, dict[str, int]], int]:
    """Write the plan's time lines and make its snapshot part of history.

    Returns what the snapshot changed and how many rows of history were written. With `keep=False` all is taken back but the
    summary, which is then the one thing that stays of the plan.
    """
    plan_id = plan["plan_id"]
    execute(connection, "ops/open_trial")
    rows = write_versions(connection, plan_id)
    changes = count_changes(connection, plan)
    if keep:
        execute(connection, "ops/mark_applied", plan_id=plan_id, summary=changes)
    else:
        execute(connection, "ops/undo_trial")
        execute(connection, "ops/save_summary", plan_id=plan_id, summary=changes)
    forget_staged_rows(connection, plan_id)
    return changes, rows


def write_versions(connection: Connection, plan_id: int) -> int:
    """Write the plan's time lines into the version tables and return how many rows of history were written."""
    steps = [*_per_table("remove"), *_per_table("close"), *_per_table("open")]
    return sum(execute(connection, f"history/{step}", plan_id=plan_id) for step in steps)


def count_changes(connection: Connection, plan: Row) -> dict[str, dict[str, int]]:
    """What the snapshot changed, for example `{"user": {"joined": 3}, "department": {"moved": 1}}`."""
    counts: dict[str, dict[str, int]] = {"user": {}, "department": {}}
    for row in fetch_all(connection, "report/count_changes", tenant_id=plan["tenant_id"], taken_at=plan["taken_at"]):
        counts[row["entity"]][row["kind"]] = row["count"]
    return counts


def _last_applied(connection: Connection, tenant_id: str) -> int | None:
    row = fetch_one(connection, "ops/find_last_applied_plan", tenant_id=tenant_id)
    return row["plan_id"] if row else None


def _per_table(verb: str) -> list[str]:
    return [f"{verb}_{frame.name}s" for frame in FRAMES]
