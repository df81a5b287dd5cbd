"""Merges a staged snapshot into history.

`work_out` finds what the plan does to the versions, `try_out` what that changes for whoever reads history, `apply_plan` writes it for good.
There are two ways: `newest` for a snapshot that is later than all that is loaded, `timelines` for every other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import ModuleType

from psycopg2.extensions import connection as Connection

from orgsync.warehouse import newest, timelines
from orgsync.warehouse.plans import forget_staged_rows
from orgsync.warehouse.search_keys import forget_search_keys, keep_search_keys
from orgsync.warehouse.statements import Row, execute, fetch_all, fetch_one

MANY_ROWS = 1000
"""Of history in one load: after that PostgreSQL's statistics are made at once, and not when its autovacuum comes by."""

Changes = dict[str, dict[str, int]]
"""Counts by entity and kind, for example `{"user": {"joined": 3}, "department": {"moved": 1}}`."""


@dataclass(frozen=True)
class Losses:
    """How much there was before a plan, and how many memberships of people who stay it ends."""

    users_before: int
    departments_before: int
    memberships_before: int
    memberships_lost: int


def lock_tenant(connection: Connection, tenant_id: str) -> None:
    """Wait until no other load of the tenant is writing; held to the end of the transaction."""
    execute(connection, "ops/lock_tenant", tenant_id=tenant_id)


def work_out(connection: Connection, plan: Row, *, sees_all: bool) -> None:
    """Find what the plan does to the versions of now. A snapshot that sees all has nothing out of its sight."""
    plan_id = plan["plan_id"]
    for step in ("clear_plan", "place_plan", *([] if sees_all else UNSEEN)):
        execute(connection, f"history/{step}", plan_id=plan_id)
    rows = _choose_way(connection, plan_id).work_out(connection, plan_id)
    based_on = find_last_applied(connection, plan["tenant_id"])
    execute(connection, "ops/mark_planned", plan_id=plan_id, based_on_plan_id=based_on, timeline_rows=rows)


def try_out(connection: Connection, plan: Row) -> tuple[Changes, Losses]:
    """Store what the plan changes in ops.plan_change."""
    execute(connection, "ops/clear_plan_changes", plan_id=plan["plan_id"])
    losses = Losses(**_choose_way(connection, plan["plan_id"]).find_changes(connection, plan))
    return count_changes(connection, plan["plan_id"]), losses


def apply_plan(connection: Connection, plan: Row) -> int:
    """Write what was worked out and make its snapshot part of history; returns how many rows of history were written."""
    rows = _write_versions(connection, plan, _choose_way(connection, plan["plan_id"]))
    execute(connection, "ops/mark_applied", plan_id=plan["plan_id"], history_rows=rows)
    forget_staged_rows(connection, plan["plan_id"])
    return rows


def try_retraction(connection: Connection, plan: Row) -> tuple[Changes, Changes]:
    """Write the time lines of a retraction, look which changes that takes back and which come instead, and take them back."""
    where = {"tenant_id": plan["tenant_id"], "taken_at": plan["taken_at"]}
    execute(connection, "ops/drop_changes_from")
    execute(connection, "ops/keep_changes_from", **where)
    execute(connection, "ops/open_trial")
    timelines.write_versions(connection, plan["plan_id"])
    rows = fetch_all(connection, "report/count_retracted_changes", **where)
    execute(connection, "ops/undo_trial")
    gone, come = (_sort_counts(row for row in rows if row["is_gone"] is is_gone) for is_gone in (True, False))
    execute(connection, "ops/save_retracted_changes", plan_id=plan["plan_id"], summary=gone)
    return gone, come


def apply_retraction(connection: Connection, plan: Row) -> int:
    """Write the time lines of a retraction; returns how many rows of history were written."""
    rows = _write_versions(connection, plan, timelines)
    execute(connection, "ops/mark_retraction_applied", plan_id=plan["plan_id"], history_rows=rows)
    forget_staged_rows(connection, plan["plan_id"])
    return rows


def count_changes(connection: Connection, plan_id: int) -> Changes:
    return _sort_counts(fetch_all(connection, "report/count_tried_changes", plan_id=plan_id))


def find_last_applied(connection: Connection, tenant_id: str) -> int | None:
    """The plan that present history is based on."""
    row = fetch_one(connection, "ops/find_last_applied_plan", tenant_id=tenant_id)
    return row["plan_id"] if row else None


def _write_versions(connection: Connection, plan: Row, way: ModuleType) -> int:
    """With what is worked out from the versions: headcounts, and under what names people are found."""
    instants = way.list_boundaries(connection, plan)
    rows: int = way.write_versions(connection, plan["plan_id"])
    if rows >= MANY_ROWS:
        execute(connection, "stage/analyze_history", rows_written=rows)
    if rows:
        execute(connection, "history/count_heads", tenant_id=plan["tenant_id"], instants=instants)
    if rows and way is timelines:
        forget_search_keys(connection, plan["tenant_id"])
    keep_search_keys(connection, plan["tenant_id"], since=plan["taken_at"])
    return rows


def _sort_counts(rows: Iterable[Row]) -> Changes:
    counts: Changes = {"user": {}, "department": {}}
    for row in rows:
        counts[row["entity"]][row["kind"]] = row["count"]
    return counts


def _choose_way(connection: Connection, plan_id: int) -> ModuleType:
    """The same for the whole life of a plan: if history changes in between, it is worked out anew."""
    return newest if fetch_all(connection, "history/is_newest", plan_id=plan_id)[0]["is_newest"] else timelines


# Memberships first look at departments, people at memberships.
UNSEEN = ("find_unseen_departments", "find_unseen_memberships", "find_unseen_users")
