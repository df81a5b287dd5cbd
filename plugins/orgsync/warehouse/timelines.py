"""The general way of a plan into history: assign what its snapshot says to [taken_at, next snapshot), join equal neighbours.

It works the same for a snapshot that is the newest, lies between loaded ones, is loaded again, or is taken out. What a plan changes is
found by writing it and taking that back.
"""

from __future__ import annotations

import tempfile
from datetime import datetime

from psycopg2.extensions import connection as Connection

from orgsync.frames import FRAMES
from orgsync.warehouse.statements import Row, execute, fetch_all, read_sql

SPOOLED_BYTES = 8 << 20


def work_out(connection: Connection, plan_id: int) -> int:
    """Find the plan's time lines, from its staged rows and the history of now; returns how many versions they hold."""
    for step in _per_table("compare"):
        execute(connection, f"history/{step}", plan_id=plan_id)
    execute(connection, "stage/analyze_affected")
    for step in ("bound_affected", *_per_table("observe"), "observe_history"):
        execute(connection, f"history/{step}", plan_id=plan_id)
    execute(connection, "stage/analyze_observations")
    for step in (*_per_table("describe"), "fold_timeline"):
        execute(connection, f"history/{step}", plan_id=plan_id)
    execute(connection, "stage/analyze_timeline")
    rows: int = fetch_all(connection, "history/count_timeline", plan_id=plan_id)[0]["timeline_rows"]
    return rows


def find_changes(connection: Connection, plan: Row) -> Row:
    """Write the plan's time lines, store what that changes in ops.plan_change, and take them back; returns what is lost."""
    plan_id, where = plan["plan_id"], {"tenant_id": plan["tenant_id"], "taken_at": plan["taken_at"]}
    execute(connection, "ops/drop_changes_before")
    execute(connection, "ops/keep_changes_before", **where)
    with tempfile.SpooledTemporaryFile(max_size=SPOOLED_BYTES) as changes:
        execute(connection, "ops/open_trial")
        write_versions(connection, plan_id)
        [losses] = fetch_all(connection, "report/count_losses", **where)
        with connection.cursor() as cursor:
            # COPY takes no parameters of its own; `mogrify` puts them in as the driver quotes them.
            cursor.copy_expert(cursor.mogrify(read_sql("ops/read_tried_changes"), {"plan_id": plan_id, **where}).decode(), changes)
        execute(connection, "ops/undo_trial")
        changes.seek(0)
        with connection.cursor() as cursor:
            cursor.copy_expert(read_sql("ops/copy_plan_changes"), changes)
    return losses


def write_versions(connection: Connection, plan_id: int) -> int:
    """Write the plan's time lines into the version tables and return how many rows of history were written."""
    steps = [*_per_table("remove"), *_per_table("close"), *_per_table("open")]
    return sum(execute(connection, f"history/{step}", plan_id=plan_id) for step in steps)


def list_boundaries(connection: Connection, plan: Row) -> list[datetime]:
    """The instants at which headcounts change by what will be written."""
    return [row["instant"] for row in fetch_all(connection, "history/list_boundaries", plan_id=plan["plan_id"])]


def _per_table(verb: str) -> list[str]:
    return [f"{verb}_{frame.name}s" for frame in FRAMES]
