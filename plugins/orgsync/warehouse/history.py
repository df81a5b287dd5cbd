"""Merges a staged snapshot into history: assign what it says to [taken_at, next snapshot), join equal neighbours.

`work_out` finds the versions each touched key shall have; `try_out` writes them, looks what that changes, and takes it back; `apply_plan`
writes them for good. All are set-based and work the same for a snapshot that is the newest, lies between loaded ones, or is loaded again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass

from psycopg2.extensions import connection as Connection

from orgsync.frames import FRAMES
from orgsync.warehouse.plans import forget_staged_rows
from orgsync.warehouse.statements import Row, execute, fetch_all, fetch_one, read_sql

SPOOLED_BYTES = 8 << 20
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
    """Find the plan's time lines, from its staged rows and the history of now. A snapshot that sees all has nothing out of its sight."""
    plan_id = plan["plan_id"]
    for step in ("clear_plan", "place_plan", *([] if sees_all else UNSEEN), *_per_table("compare")):
        execute(connection, f"history/{step}", plan_id=plan_id)
    execute(connection, "stage/analyze_affected")
    for step in ("bound_affected", *_per_table("observe"), "observe_history"):
        execute(connection, f"history/{step}", plan_id=plan_id)
    execute(connection, "stage/analyze_observations")
    for step in (*_per_table("describe"), "fold_timeline"):
        execute(connection, f"history/{step}", plan_id=plan_id)
    execute(connection, "stage/analyze_timeline")
    execute(connection, "ops/mark_planned", plan_id=plan_id, based_on_plan_id=find_last_applied(connection, plan["tenant_id"]))


def try_out(connection: Connection, plan: Row) -> tuple[Changes, Losses]:
    """Write the plan's time lines, store what that changes in ops.plan_change, and take them back."""
    plan_id, where = plan["plan_id"], {"tenant_id": plan["tenant_id"], "taken_at": plan["taken_at"]}
    execute(connection, "ops/clear_plan_changes", plan_id=plan_id)
    execute(connection, "ops/drop_changes_before")
    execute(connection, "ops/keep_changes_before", **where)
    with tempfile.SpooledTemporaryFile(max_size=SPOOLED_BYTES) as changes:
        execute(connection, "ops/open_trial")
        write_versions(connection, plan_id)
        losses = Losses(**fetch_all(connection, "report/count_losses", **where)[0])
        with connection.cursor() as cursor:
            # COPY takes no parameters of its own; `mogrify` puts them in as the driver quotes them.
            cursor.copy_expert(cursor.mogrify(read_sql("ops/read_tried_changes"), {"plan_id": plan_id, **where}).decode(), changes)
        execute(connection, "ops/undo_trial")
        changes.seek(0)
        with connection.cursor() as cursor:
            cursor.copy_expert(read_sql("ops/copy_plan_changes"), changes)
    return count_changes(connection, plan_id), losses


def apply_plan(connection: Connection, plan: Row) -> int:
    """Write the plan's time lines and make its snapshot part of history; returns how many rows of history were written."""
    rows = write_versions(connection, plan["plan_id"])
    if rows >= MANY_ROWS:
        execute(connection, "stage/analyze_history")
    execute(connection, "ops/mark_applied", plan_id=plan["plan_id"], history_rows=rows)
    forget_staged_rows(connection, plan["plan_id"])
    return rows


def try_retraction(connection: Connection, plan: Row) -> tuple[Changes, Changes]:
    """Write the time lines of a retraction, look which changes that takes back and which come instead, and take them back."""
    where = {"tenant_id": plan["tenant_id"], "taken_at": plan["taken_at"]}
    execute(connection, "ops/drop_changes_from")
    execute(connection, "ops/keep_changes_from", **where)
    execute(connection, "ops/open_trial")
    write_versions(connection, plan["plan_id"])
    rows = fetch_all(connection, "report/count_retracted_changes", **where)
    execute(connection, "ops/undo_trial")
    gone, come = (_sort_counts(row for row in rows if row["is_gone"] is is_gone) for is_gone in (True, False))
    execute(connection, "ops/save_retracted_changes", plan_id=plan["plan_id"], summary=gone)
    return gone, come


def apply_retraction(connection: Connection, plan: Row) -> int:
    """Write the time lines of a retraction; returns how many rows of history were written."""
    rows = write_versions(connection, plan["plan_id"])
    execute(connection, "ops/mark_retraction_applied", plan_id=plan["plan_id"], history_rows=rows)
    forget_staged_rows(connection, plan["plan_id"])
    return rows


def write_versions(connection: Connection, plan_id: int) -> int:
    """Write the plan's time lines into the version tables and return how many rows of history were written."""
    steps = [*_per_table("remove"), *_per_table("close"), *_per_table("open")]
    return sum(execute(connection, f"history/{step}", plan_id=plan_id) for step in steps)


def count_changes(connection: Connection, plan_id: int) -> Changes:
    return _sort_counts(fetch_all(connection, "report/count_tried_changes", plan_id=plan_id))


def find_last_applied(connection: Connection, tenant_id: str) -> int | None:
    """The plan that present history is based on."""
    row = fetch_one(connection, "ops/find_last_applied_plan", tenant_id=tenant_id)
    return row["plan_id"] if row else None


def _sort_counts(rows: Iterable[Row]) -> Changes:
    counts: Changes = {"user": {}, "department": {}}
    for row in rows:
        counts[row["entity"]][row["kind"]] = row["count"]
    return counts


def _per_table(verb: str) -> list[str]:
    return [f"{verb}_{frame.name}s" for frame in FRAMES]


# Memberships first look at departments, people at memberships.
UNSEEN = ("find_unseen_departments", "find_unseen_memberships", "find_unseen_users")
