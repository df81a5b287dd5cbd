"""The short way of a plan into history, for a snapshot that is later than all of it: what differs from the present ends, the new begins.

What a plan changes is read off by comparing both; nothing is written for it. `timelines` says the same of such a plan, and is its witness.
"""

from __future__ import annotations

from datetime import datetime

from psycopg2.extensions import connection as Connection

from orgsync.frames import FRAMES
from orgsync.warehouse.statements import Row, execute, fetch_all


def work_out(connection: Connection, plan_id: int) -> int:
    """Find the keys that begin or end with the plan, and what they hold then; returns how many versions their time lines hold."""
    for frame in FRAMES:
        execute(connection, f"newest/compare_{frame.name}s", plan_id=plan_id)
    execute(connection, "stage/analyze_affected")
    for frame in FRAMES:
        execute(connection, f"newest/complete_{frame.name}s", plan_id=plan_id)
    rows: int = fetch_all(connection, "newest/count_timeline", plan_id=plan_id)[0]["timeline_rows"]
    return rows


def find_changes(connection: Connection, plan: Row) -> Row:
    """Store what the plan changes in ops.plan_change; returns what is lost."""
    execute(connection, "newest/list_changes", plan_id=plan["plan_id"])
    return fetch_all(connection, "newest/count_losses", plan_id=plan["plan_id"])[0]


def write_versions(connection: Connection, plan_id: int) -> int:
    """End what the plan ends, begin what it begins; returns how many rows of history were written."""
    steps = [f"{verb}_{frame.name}s" for verb in ("close", "open") for frame in FRAMES]
    return sum(execute(connection, f"newest/{step}", plan_id=plan_id) for step in steps)


def list_boundaries(_: Connection, plan: Row) -> list[datetime]:
    """The instants at which headcounts change by what will be written."""
    return [plan["taken_at"]]
