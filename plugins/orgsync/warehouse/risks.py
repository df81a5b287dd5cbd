"""What a plan changes of what has a budget, alone and with what the syncs before it brought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from psycopg2.extensions import connection as Connection

from orgsync.warehouse.statements import Row, fetch_all

EMPTIED = "emptied_values"
INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Risk:
    """How many a plan changes, of `column` where values are emptied, and how many with the unapproved changes since `since`.

    `total_then` is how many there were at its beginning; of emptied values `total` is how many there are now.
    """

    budget: str
    column: str
    since: datetime
    count: int
    count_within: int
    total_then: int
    total: int = 0


def count_risks(connection: Connection, plan: Row, per_days: Mapping[str, int]) -> list[Risk]:
    """Of a plan whose changes were worked out. `per_days` says for each budget how many days it remembers."""
    where = {"tenant_id": plan["tenant_id"], "taken_at": plan["taken_at"]}
    memories = fetch_all(connection, "report/find_memories", per_days=dict(per_days), **where)
    since = {memory["budget"]: memory["since"] for memory in memories}
    rows = fetch_all(
        connection,
        "report/count_risks",
        plan_id=plan["plan_id"],
        since={budget: instant.isoformat() for budget, instant in since.items()},
        earliest=min(since.values()),
        **where,
    )
    risks = [Risk(row.pop("budget"), row.pop("column_name"), **row) for row in rows]
    if not any(risk.budget == EMPTIED for risk in risks):
        return risks
    now, then = (_count_held(connection, plan["tenant_id"], at) for at in (plan["taken_at"], since[EMPTIED] + INSTANT))
    return [replace(risk, total=now[risk.column], total_then=then[risk.column]) if risk.budget == EMPTIED else risk for risk in risks]


def _count_held(connection: Connection, tenant_id: str, at: datetime) -> dict[str, int]:
    return fetch_all(connection, "report/count_held_values", tenant_id=tenant_id, at=at)[0]
